using KadOrleans.Cluster.Tests.SiloRole;
using Orleans.Storage;

namespace KadOrleans.Full.Tests;

/// <summary>Azure's tables, as a silo uses them.</summary>
[Needs(Need.Azurite)]
public sealed class AzureTableGrainStorageTests(AzureTableSilo silo) : GrainStorageConformance, IClassFixture<AzureTableSilo>
{
    protected override IGrainStorage Storage => silo.Storage;

    // An entity has at most 960 kB.
    protected override int LargeState => 900_000;
}
