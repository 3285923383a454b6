namespace KadOrleans.Grains.Diagnostics;

/// <summary>What is written to grain storage. The edges' directory and the cluster's settings change too seldom to tell anything.</summary>
internal enum WriteTarget
{
    /// <summary>A record of a key shard: a group of STOREs, or a page.</summary>
    Shard,

    /// <summary>A routing table.</summary>
    Table,
}
