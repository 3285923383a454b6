// The Kubernetes cluster: a pool for silos, and one for edges whose nodes have public addresses.
param location string
param tags object
param registryName string
param nodeSize string
param siloNodes int
param edgeNodes int
param zones array
param authorizedRanges array
param clusterIdentityId string
param clusterPrincipalId string
param virtualNetworkName string
param publicAddressesName string
param workspaceId string
param collectionRuleId string
param administratorId string
param administratorType string

var networkContributor = '4d97b98b-1d4f-4787-a291-c67834d212e7'
var acrPull = '7f951dda-4ed3-4680-a7ca-43fe172d538d'
var clusterAdministrator = 'b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b'

resource virtualNetwork 'Microsoft.Network/virtualNetworks@2025-01-01' existing = {
  name: virtualNetworkName
}

resource publicAddresses 'Microsoft.Network/publicIPPrefixes@2025-01-01' existing = {
  name: publicAddressesName
}

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' = {
  name: registryName
  location: location
  tags: tags
  sku: {
    name: 'Basic'
  }
  properties: {
    adminUserEnabled: false
  }
}

// The cluster joins its nodes to the subnets and takes their public addresses from the prefix.
resource joinNetwork 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(virtualNetwork.id, clusterPrincipalId, networkContributor)
  scope: virtualNetwork
  properties: {
    principalId: clusterPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', networkContributor)
  }
}

resource joinAddresses 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(publicAddresses.id, clusterPrincipalId, networkContributor)
  scope: publicAddresses
  properties: {
    principalId: clusterPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', networkContributor)
  }
}

var pool = {
  type: 'VirtualMachineScaleSets'
  osType: 'Linux'
  osSKU: 'AzureLinux'
  vmSize: nodeSize
  availabilityZones: zones
  vnetSubnetID: '${virtualNetwork.id}/subnets/nodes'
  podSubnetID: '${virtualNetwork.id}/subnets/pods'
  maxPods: 60
  upgradeSettings: {
    maxSurge: '1'
  }
}

// azd looks the cluster up by its name alone, so no other resource of the group may have it.
resource cluster 'Microsoft.ContainerService/managedClusters@2025-05-01' = {
  name: 'kad-aks'
  location: location
  tags: tags
  sku: {
    name: 'Base'
    tier: 'Standard'
  }
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${clusterIdentityId}': {}
    }
  }
  properties: {
    dnsPrefix: 'kad-${uniqueString(resourceGroup().id)}'
    disableLocalAccounts: true
    enableRBAC: true
    aadProfile: {
      managed: true
      enableAzureRBAC: true
    }
    // Edges' nodes call the API server from their own addresses, which AKS does not add by itself.
    apiServerAccessProfile: empty(authorizedRanges) ? null : {
      authorizedIPRanges: union(authorizedRanges, [publicAddresses.properties.ipPrefix])
    }
    oidcIssuerProfile: {
      enabled: true
    }
    securityProfile: {
      workloadIdentity: {
        enabled: true
      }
    }
    autoUpgradeProfile: {
      upgradeChannel: 'patch'
      nodeOSUpgradeChannel: 'NodeImage'
    }
    // Calico, because silos admit edges by their nodes' range, and Cilium matches no node by its address.
    // No NAT gateway: it would take the place of the nodes' own addresses on the way out.
    networkProfile: {
      networkPlugin: 'azure'
      networkPolicy: 'calico'
      loadBalancerSku: 'standard'
      outboundType: 'loadBalancer'
      serviceCidr: '10.250.0.0/16'
      dnsServiceIP: '10.250.0.10'
    }
    agentPoolProfiles: [
      {
        ...pool
        name: 'silo'
        mode: 'System'
        count: siloNodes
      }
      {
        ...pool
        name: 'edge'
        mode: 'User'
        count: edgeNodes
        enableNodePublicIP: true
        nodePublicIPPrefixID: publicAddresses.id
        nodeLabels: {
          'kad.orleans/pool': 'edge'
        }
        nodeTaints: ['kad.orleans/pool=edge:NoSchedule']
        networkProfile: {
          allowedHostPorts: [
            {
              portStart: 8468
              portEnd: 8468
              protocol: 'UDP'
            }
          ]
        }
        // An edge asks for socket buffers of 4 MiB, and each of its peers is an entry of the host's connection tracking.
        linuxOSConfig: {
          sysctls: {
            netCoreRmemMax: 4194304
            netCoreWmemMax: 4194304
            netNetfilterNfConntrackMax: 524288
            netNetfilterNfConntrackBuckets: 131072
          }
        }
      }
    ]
    addonProfiles: {
      omsagent: {
        enabled: true
        config: {
          logAnalyticsWorkspaceResourceID: workspaceId
          useAADAuth: 'true'
        }
      }
    }
  }
  dependsOn: [
    joinNetwork
    joinAddresses
  ]
}

// `az aks` and the portal look it up by this name; not finding it, they would make a second one and collect all twice.
resource collection 'Microsoft.Insights/dataCollectionRuleAssociations@2024-03-11' = {
  name: 'ContainerInsightsExtension'
  scope: cluster
  properties: {
    dataCollectionRuleId: collectionRuleId
  }
}

resource pull 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(registry.id, cluster.id, acrPull)
  scope: registry
  properties: {
    principalId: cluster.properties.identityProfile.kubeletidentity.objectId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', acrPull)
  }
}

resource administrator 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(administratorId)) {
  name: guid(cluster.id, administratorId, clusterAdministrator)
  scope: cluster
  properties: {
    principalId: administratorId
    principalType: administratorType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', clusterAdministrator)
  }
}

output clusterName string = cluster.name
output issuer string = cluster.properties.oidcIssuerProfile.issuerURL
output registryEndpoint string = registry.properties.loginServer
