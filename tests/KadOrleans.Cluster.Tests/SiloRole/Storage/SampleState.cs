namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>What a grain might store.</summary>
[GenerateSerializer]
[Alias("kad.tests.SampleState")]
public sealed class SampleState
{
    [Id(0)]
    public string Text { get; set; } = "new";

    [Id(1)]
    public byte[] Bytes { get; set; } = [];
}
