// Which pods may act as which identity: those of one service account in one namespace each.
param issuer string
param siloIdentityName string
param edgeIdentityName string

resource silo 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: siloIdentityName
}

resource edge 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: edgeIdentityName
}

resource siloPods 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2024-11-30' = {
  parent: silo
  name: 'pods'
  properties: {
    issuer: issuer
    subject: 'system:serviceaccount:kad:kad-silo'
    audiences: ['api://AzureADTokenExchange']
  }
}

resource edgePods 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2024-11-30' = {
  parent: edge
  name: 'pods'
  properties: {
    issuer: issuer
    subject: 'system:serviceaccount:kad-edge:kad-edge'
    audiences: ['api://AzureADTokenExchange']
  }
}
