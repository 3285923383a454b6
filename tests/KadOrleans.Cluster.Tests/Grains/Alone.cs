namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>Tests that measure memory, or that load a cluster of their own with all processors. They run after the others, one at a time.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
