// Nodes and pods have addresses of the virtual network, so that Orleans clients beside the cluster reach silos' pods.
param location string
param tags object
param zones array

var nodeRange = '10.240.0.0/22'
var podRange = '10.240.16.0/20'

resource virtualNetwork 'Microsoft.Network/virtualNetworks@2025-01-01' = {
  name: 'kad'
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: ['10.240.0.0/16']
    }
    subnets: [
      {
        name: 'nodes'
        properties: {
          addressPrefix: nodeRange
          serviceEndpoints: [{ service: 'Microsoft.Storage' }]
        }
      }
      {
        name: 'pods'
        properties: {
          addressPrefix: podRange
          serviceEndpoints: [{ service: 'Microsoft.Storage' }]
          delegations: [
            {
              name: 'aks'
              properties: {
                serviceName: 'Microsoft.ContainerService/managedClusters'
              }
            }
          ]
        }
      }
    ]
  }
}

// Edges' nodes take their public addresses from here: firewalls of others can name the range, and it outlives the nodes.
resource publicAddresses 'Microsoft.Network/publicIPPrefixes@2025-01-01' = {
  name: 'kad-edge'
  location: location
  tags: tags
  sku: {
    name: 'Standard'
    tier: 'Regional'
  }
  zones: zones
  properties: {
    prefixLength: 28
    publicIPAddressVersion: 'IPv4'
  }
}

output virtualNetworkName string = virtualNetwork.name
output nodeSubnetId string = '${virtualNetwork.id}/subnets/nodes'
output podSubnetId string = '${virtualNetwork.id}/subnets/pods'
output publicAddressesName string = publicAddresses.name
output nodeRange string = nodeRange
