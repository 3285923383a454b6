using System.Text.Json.Nodes;
using KadOrleans.Lab.Benchmarking;

namespace KadOrleans.Lab.Tests.Benchmarking;

public sealed class GarbageCollectionsTests
{
    [Fact]
    public void Collections_between_two_status_reports_are_counted()
    {
        var before = GarbageCollections.Parse(JsonNode.Parse("""{"gen0":5,"gen1":3,"gen2":1}""")!);
        var after = GarbageCollections.Parse(JsonNode.Parse("""{"gen0":9,"gen1":4,"gen2":1}""")!);

        Assert.Equal("""{"gen0":4,"gen1":1,"gen2":0}""", (after - before).ToJson().ToJsonString());
        Assert.Equal(after, before + (after - before));
        Assert.Equal("4 (generation 1: 1, generation 2: 0)", (after - before).ToString());
        Assert.Equal("0", default(GarbageCollections).ToString());
    }
}
