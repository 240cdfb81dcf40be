
•
@7889e0bf613c17c26d1220dd11da6531dd2065dddc943bc5225675fe8353f435
agent	uid-agentshop üÍŒèèé‹ö*
io.kubernetes.pod.nameagent*
appagent

@4c0e588edc529dfccd8a0f0873f628a2e005062f389b7da40b12bc1b0ce7194e
webuid-webshop £­ÓÓäé‹ö*

appweb*
io.kubernetes.pod.nameweb