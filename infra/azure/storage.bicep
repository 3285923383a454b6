// Grain state, members and reminders in tables; grain state in blobs where it is set. No keys, and no way in but from the cluster's subnets.
param accountName string
param location string
param tags object
param zones array
param subnetIds array
param siloPrincipalId string
param edgePrincipalId string

var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var tableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: accountName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: empty(zones) ? 'Standard_LRS' : 'Standard_ZRS'
  }
  properties: {
    accessTier: 'Hot'
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: 'Deny'
      ipRules: []
      virtualNetworkRules: [for id in subnetIds: { id: id, action: 'Allow' }]
    }
  }
}

// Versions and soft deletion are off: the log of a shard is overwritten with each group of writes, and each would be kept.
resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' = {
  parent: account
  name: 'default'
  properties: {
    isVersioningEnabled: false
    deleteRetentionPolicy: {
      enabled: false
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: 14
    }
  }
}

// What an Orleans client needs to list gateways. It opens the table with "create if it is missing", which the built-in
// role that reads tables does not allow; the one that may write would let an edge change the cluster's members.
resource gatewayReader 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(account.id, 'gateway-reader')
  properties: {
    roleName: 'Orleans gateway reader (${accountName})'
    description: 'Opens tables and reads their rows.'
    type: 'CustomRole'
    assignableScopes: [resourceGroup().id]
    permissions: [
      {
        actions: [
          'Microsoft.Storage/storageAccounts/tableServices/tables/read'
          'Microsoft.Storage/storageAccounts/tableServices/tables/write'
        ]
        dataActions: ['Microsoft.Storage/storageAccounts/tableServices/tables/entities/read']
      }
    ]
  }
}

resource siloBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, siloPrincipalId, blobDataContributor)
  scope: account
  properties: {
    principalId: siloPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
  }
}

resource siloTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, siloPrincipalId, tableDataContributor)
  scope: account
  properties: {
    principalId: siloPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', tableDataContributor)
  }
}

resource edgeTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, edgePrincipalId, 'gateway-reader')
  scope: account
  properties: {
    principalId: edgePrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: gatewayReader.id
  }
}

output blobServiceUri string = account.properties.primaryEndpoints.blob
output tableServiceUri string = account.properties.primaryEndpoints.table
