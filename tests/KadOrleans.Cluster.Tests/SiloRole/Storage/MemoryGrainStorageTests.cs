using Orleans.Storage;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Orleans' own storage passes: the suite asks for what grains are used to.</summary>
public sealed class MemoryGrainStorageTests(MemoryCluster cluster) : GrainStorageConformance, IClassFixture<MemoryCluster>
{
    protected override IGrainStorage Storage => cluster.Storage;
}
