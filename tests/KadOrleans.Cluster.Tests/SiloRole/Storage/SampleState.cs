namespace KadOrleans.Cluster.Tests.SiloRole;

[GenerateSerializer]
[Alias("kad.tests.SampleState")]
public sealed class SampleState
{
    [Id(0)]
    public string Text { get; set; } = "new";

    [Id(1)]
    public byte[] Bytes { get; set; } = [];
}
