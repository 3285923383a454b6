// One identity for each who acts: the cluster itself, silos, edges.
param location string
param tags object

resource cluster 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'kad-cluster'
  location: location
  tags: tags
}

resource silo 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'kad-silo'
  location: location
  tags: tags
}

resource edge 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'kad-edge'
  location: location
  tags: tags
}

output clusterIdentityId string = cluster.id
output clusterPrincipalId string = cluster.properties.principalId
output siloIdentityName string = silo.name
output siloPrincipalId string = silo.properties.principalId
output siloClientId string = silo.properties.clientId
output edgeIdentityName string = edge.name
output edgePrincipalId string = edge.properties.principalId
output edgeClientId string = edge.properties.clientId
