namespace KadOrleans.Shards.Tests;

/// <summary>Tests that measure memory. They run after the others, one at a time.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
