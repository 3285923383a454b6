// A cluster of KadOrleans on Azure Kubernetes Service. azd deploys it, and gets the names that azure.yaml needs.
targetScope = 'subscription'

@description('Name of the environment; all resources are named after it.')
@minLength(1)
@maxLength(32)
param environmentName string

@description('Region of all resources.')
param location string

@description('Who runs this, and so may administer the cluster. Empty: nobody is given that here.')
param principalId string = ''

@description('What that is.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param principalType string = 'User'

@description('Size of all nodes.')
param nodeSize string = 'Standard_D2as_v5'

@description('Nodes for silos and what the cluster itself runs.')
@minValue(1)
param siloNodes int = 3

@description('Nodes with public addresses, one for each edge; at most 14 of the 16 addresses, as upgrades borrow some.')
@minValue(1)
@maxValue(14)
param edgeNodes int = 2

@description('Zones to spread nodes over; empty where the region has none, and copies of the storage are then in one place.')
param zones array = ['1', '2', '3']

@description('Ranges from which the API server may be reached; empty: from anywhere, with an identity that has a role.')
param authorizedRanges array = []

var tags = { 'azd-env-name': environmentName }
var suffix = take(uniqueString(subscription().id, environmentName, location), 8)

resource group 'Microsoft.Resources/resourceGroups@2025-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module network 'network.bicep' = {
  name: 'network'
  scope: group
  params: {
    location: location
    tags: tags
    zones: zones
  }
}

module identities 'identities.bicep' = {
  name: 'identities'
  scope: group
  params: {
    location: location
    tags: tags
  }
}

module storage 'storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    accountName: 'kad${suffix}'
    location: location
    tags: tags
    zones: zones
    subnetIds: [network.outputs.nodeSubnetId, network.outputs.podSubnetId]
    siloPrincipalId: identities.outputs.siloPrincipalId
    edgePrincipalId: identities.outputs.edgePrincipalId
  }
}

module monitoring 'monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    location: location
    tags: tags
  }
}

module cluster 'cluster.bicep' = {
  name: 'cluster'
  scope: group
  params: {
    location: location
    tags: tags
    registryName: 'kad${suffix}'
    nodeSize: nodeSize
    siloNodes: siloNodes
    edgeNodes: edgeNodes
    zones: zones
    authorizedRanges: authorizedRanges
    clusterIdentityId: identities.outputs.clusterIdentityId
    clusterPrincipalId: identities.outputs.clusterPrincipalId
    virtualNetworkName: network.outputs.virtualNetworkName
    publicAddressesName: network.outputs.publicAddressesName
    workspaceId: monitoring.outputs.workspaceId
    collectionRuleId: monitoring.outputs.collectionRuleId
    administratorId: principalId
    administratorType: principalType
  }
}

module federation 'federation.bicep' = {
  name: 'federation'
  scope: group
  params: {
    issuer: cluster.outputs.issuer
    siloIdentityName: identities.outputs.siloIdentityName
    edgeIdentityName: identities.outputs.edgeIdentityName
  }
}

output AZURE_LOCATION string = location
output AZURE_RESOURCE_GROUP string = group.name
output AZURE_AKS_CLUSTER_NAME string = cluster.outputs.clusterName
output AZURE_CONTAINER_REGISTRY_ENDPOINT string = cluster.outputs.registryEndpoint
output KAD_NODE_RANGE string = network.outputs.nodeRange
output KAD_BLOB_SERVICE_URI string = storage.outputs.blobServiceUri
output KAD_TABLE_SERVICE_URI string = storage.outputs.tableServiceUri
output KAD_SILO_CLIENT_ID string = identities.outputs.siloClientId
output KAD_EDGE_CLIENT_ID string = identities.outputs.edgeClientId
