PATH=/opt/vestibule/tools/node_modules/.bin:/opt/vestibule/demo:$PATH
