using KadOrleans.Cluster.Tests.SiloRole;
using Orleans.Storage;

namespace KadOrleans.Full.Tests;

/// <summary>Azure's blobs, as a silo uses them.</summary>
[Needs(Need.Azurite)]
public sealed class AzureBlobGrainStorageTests(AzureBlobSilo silo) : GrainStorageConformance, IClassFixture<AzureBlobSilo>
{
    protected override IGrainStorage Storage => silo.Storage;
}
