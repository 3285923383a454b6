namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Tests of instruments of this process, which others would move too.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneInProcess
{
    public const string Name = "Alone in the process";
}
