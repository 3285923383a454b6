using System.Xml.Linq;

namespace KadOrleans.Tests.Cli;

public sealed class KeySpacePictureTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(60)]
    [InlineData(2_000)]
    [InlineData(100_000)]
    public void A_picture_is_plain_and_bounded_for_any_number_of_nodes(int nodes)
    {
        var svg = Draw(Network(nodes));

        Assert.InRange(svg.Length, 1_000, 120_000);
        var names = XDocument.Parse(svg).Descendants().Select(e => e.Name.LocalName).ToHashSet();
        Assert.Subset(new HashSet<string> { "svg", "title", "style", "g", "rect", "text", "path", "circle" }, names);
        Assert.Contains("prefers-color-scheme:dark", svg, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_of_a_few_endpoints_has_its_dot_and_each_oddity_its_mark()
    {
        var records = Network(40);
        var drawing = XDocument.Parse(Draw(records));

        // One of each is in the legend.
        Assert.Equal(1 + records.Count(r => r.IsReachable), Count("dot"));
        Assert.Equal(1 + records.Count(r => r.State == CrawlState.Unreachable), Count("deaddot"));
        Assert.Equal(1 + CrawlSummary.Of(records).DuplicateIds.Count, Count("twice"));
        Assert.Equal(1 + CrawlSummary.Of(records).SeveralIds.Count, Count("several"));

        int Count(string style) => drawing.Descendants().Count(e => (string?)e.Attribute("class") == style);
    }

    private static string Draw(IReadOnlyCollection<CrawlRecord> records)
    {
        using var writer = new StringWriter();
        new KeySpacePicture(records, CrawlSummary.Of(records), DateTimeOffset.UnixEpoch).Write(writer);
        return writer.ToString();
    }

    /// <summary>Nodes with every fifth beside one that is away, some ids twice, and some addresses with two ids.</summary>
    private static List<CrawlRecord> Network(int nodes)
    {
        var random = new SeededRandomSource(nodes);
        var records = new List<CrawlRecord>();
        for (var i = 0; i < nodes; i++)
        {
            if (i % 5 == 4)
            {
                records.Add(new() { Endpoint = Endpoint(0x0C00_0000 + i), State = CrawlState.Unreachable, ClaimedIds = [NodeId.Random(random)] });
            }

            records.Add(new()
            {
                Endpoint = Endpoint(0x0B00_0000 + i),
                State = CrawlState.Visited,
                Id = i % 40 == 38 ? records[^1].Id!.Value : NodeId.Random(random),
                ClaimedIds = i % 50 == 3 ? [NodeId.Random(random)] : [],
                RoundTrip = TimeSpan.FromMilliseconds(5 + random.Next(200)),
                Contacts = Math.Min(nodes, 80 + random.Next(40)),
                IsComplete = true,
            });
        }

        return records;

        static UdpEndpoint Endpoint(int address) => UdpEndpoint.FromIPv4((uint)address, 8468);
    }
}
