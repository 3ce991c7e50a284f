"""What is measured: on machinery of its own, or of a controller that runs, over HTTP as its users meet it.

::

    own_machinery  clones, resumes, rebuilds          sign_ins   times of sign-ins and of answers
                                                      overload   many sign-ins at once ─▶ readers, weighing
                                                      soak       many sign-ins, and what they leave behind

The command line has the commands; nothing is loaded here before one of them asks for it.
"""
