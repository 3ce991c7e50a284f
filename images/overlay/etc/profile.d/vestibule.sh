PATH=/opt/vestibule/tools/node_modules/.bin:$PATH
