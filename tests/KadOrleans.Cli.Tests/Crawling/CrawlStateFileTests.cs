using KadOrleans.Cli.Crawling;
using KadOrleans.Core;
using KadOrleans.Core.Crawling;
using KadOrleans.Testing;

namespace KadOrleans.Cli.Tests.Crawling;

public sealed class CrawlStateFileTests : IDisposable
{
    private static readonly CrawlRecord[] Records =
    [
        new() { Endpoint = UdpEndpoint.Parse("11.0.0.1:1"), State = CrawlState.Waiting, ClaimedIds = [NodeId.FromKey("a")] },
        new()
        {
            Endpoint = UdpEndpoint.Parse("[2001:db8::1]:2"),
            State = CrawlState.Visited,
            Id = NodeId.FromKey("b"),
            RoundTrip = TimeSpan.FromMilliseconds(1.5),
            Contacts = 7,
            Queries = 3,
            IsComplete = true,
        },
        new() { Endpoint = UdpEndpoint.Parse("11.0.0.3:3"), State = CrawlState.Unreachable },
        new() { Endpoint = UdpEndpoint.Parse("11.0.0.4:4"), State = CrawlState.NotANode, RoundTrip = TimeSpan.FromMilliseconds(2) },
    ];

    private readonly TemporaryFolder _folder = new();

    private string FilePath => _folder["state"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_was_appended_comes_back()
    {
        Write(Records[..2]);
        Write(Records[2..]);

        Assert.Equivalent(Records, Read(), strict: true);
    }

    [Fact]
    public void Half_a_line_at_the_end_is_cut_off_wherever_the_process_was_killed()
    {
        Write(Records);
        var whole = File.ReadAllBytes(FilePath);
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(FilePath, whole[..length]);
            var kept = Read();

            Assert.Equivalent(Records[..kept.Count], kept);
            Write([Records[^1]]);
            Assert.Equal(kept.Count + 1, Read().Count);
        }
    }

    [Theory]
    [InlineData("hello\n", "is not the state of a crawl")]
    [InlineData("{\"format\":\"kad-state\",\"version\":1}\n", "is not the state of a crawl")]
    [InlineData("{\"format\":\"kad-crawl\",\"version\":2}\n", "is of another version; version 1 is needed")]
    [InlineData("{\"format\":\"kad-crawl\",\"version\":1}\nnonsense\n", "is damaged: line 2 is not a record of a crawl")]
    [InlineData("{\"format\":\"kad-crawl\",\"version\":1}\n{}\n", "is damaged: line 2 is not a record of a crawl")]
    public void A_damaged_or_foreign_file_is_refused_and_left_as_it_is(string content, string reason)
    {
        File.WriteAllText(FilePath, content);
        var refusal = Assert.Throws<CommandException>(() => Read());

        Assert.Equal(ExitCode.WrongUsage, refusal.ExitCode);
        Assert.Contains($"'{FilePath}' {reason}", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(FilePath));
    }

    [Fact]
    public void Two_crawls_cannot_share_a_file()
    {
        using var first = CrawlStateFile.Open(FilePath, _ => { });
        var refusal = Assert.Throws<CommandException>(() => CrawlStateFile.Open(FilePath, _ => { }));
        Assert.Contains("cannot be opened", refusal.Message, StringComparison.Ordinal);
    }

    private void Write(CrawlRecord[] records)
    {
        using var file = CrawlStateFile.Open(FilePath, _ => { });
        file.Append(records);
    }

    private List<CrawlRecord> Read()
    {
        var read = new List<CrawlRecord>();
        using var file = CrawlStateFile.Open(FilePath, read.Add);
        return read;
    }
}
