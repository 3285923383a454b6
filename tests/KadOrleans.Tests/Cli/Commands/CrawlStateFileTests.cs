using KadOrleans.Cli;

namespace KadOrleans.Tests.Cli;

public sealed class CrawlStateFileTests : FolderTests
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

    private string FilePath => Path.Combine(Folder, "state");

    [Fact]
    public async Task What_was_appended_comes_back()
    {
        await WriteAsync(Records[..2]);
        await WriteAsync(Records[2..]);

        Assert.Equivalent(Records, await ReadAsync(), strict: true);
        FileModes.AssertOwnersAlone(FilePath);
    }

    [Fact]
    public async Task Half_a_page_at_the_end_is_cut_off_wherever_the_process_was_killed()
    {
        foreach (var record in Records)
        {
            await WriteAsync([record]);
        }

        var whole = await File.ReadAllBytesAsync(FilePath, TestContext.Current.CancellationToken);
        for (var length = 0; length < whole.Length; length++)
        {
            await File.WriteAllBytesAsync(FilePath, whole[..length], TestContext.Current.CancellationToken);
            var kept = await ReadAsync();

            Assert.Equivalent(Records[..kept.Count], kept);
            await WriteAsync([Records[^1]]);
            Assert.Equal(kept.Count + 1, (await ReadAsync()).Count);
        }
    }

    [Theory]
    [InlineData("zeros")]
    [InlineData("random")]
    [InlineData("a page of another length")]
    public async Task What_a_loss_of_power_leaves_behind_the_last_page_is_cut_off(string what)
    {
        await WriteAsync(Records);
        var whole = await File.ReadAllBytesAsync(FilePath, TestContext.Current.CancellationToken);
        var random = new Random(1);
        for (var length = 1; length < 200; length++)
        {
            var left = new byte[length];
            if (what != "zeros")
            {
                random.NextBytes(left);
            }

            if (what == "a page of another length")
            {
                // A plausible length, and then what was there before.
                BitConverter.TryWriteBytes(left.AsSpan(0, Math.Min(4, length)), Math.Max(1, length - 8));
            }

            await File.WriteAllBytesAsync(FilePath, [.. whole, .. left], TestContext.Current.CancellationToken);

            Assert.Equivalent(Records, await ReadAsync(), strict: true);
            Assert.Equal(whole.Length, new FileInfo(FilePath).Length);
        }
    }

    [Fact]
    public async Task Of_a_page_with_one_wrong_bit_and_what_follows_nothing_is_believed()
    {
        await WriteAsync(Records[..1]);
        var first = new FileInfo(FilePath).Length;
        await WriteAsync(Records[1..2]);
        var whole = await File.ReadAllBytesAsync(FilePath, TestContext.Current.CancellationToken);
        for (var bit = first * 8; bit < whole.Length * 8; bit++)
        {
            var wrong = whole.ToArray();
            wrong[bit / 8] ^= (byte)(1 << (int)(bit % 8));
            await File.WriteAllBytesAsync(FilePath, wrong, TestContext.Current.CancellationToken);

            Assert.Equivalent(Records[..1], await ReadAsync(), strict: true);
        }
    }

    [Theory]
    [InlineData("hello\n")]
    [InlineData("{\"format\":\"kad-state\",\"version\":1}\n")]
    [InlineData("{\"format\":\"kad-crawl\",\"version\":1}\n")]
    [InlineData("{\"format\":\"kad-crawl\",\"version\":2}\n")]
    public async Task A_foreign_file_is_refused_and_left_as_it_is(string content)
    {
        await File.WriteAllTextAsync(FilePath, content, TestContext.Current.CancellationToken);
        var refusal = await Assert.ThrowsAsync<CommandException>(ReadAsync);

        Assert.Equal(ExitCode.WrongUsage, refusal.ExitCode);
        Assert.Contains($"'{FilePath}' is not the state of a crawl", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(content, await File.ReadAllTextAsync(FilePath, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Two_crawls_cannot_share_a_file()
    {
        await using var first = await CrawlStateFile.OpenAsync(FilePath, _ => { });
        var refusal = await Assert.ThrowsAsync<CommandException>(() => CrawlStateFile.OpenAsync(FilePath, _ => { }));
        Assert.Contains("cannot be opened", refusal.Message, StringComparison.Ordinal);
    }

    private async Task WriteAsync(CrawlRecord[] records)
    {
        await using var file = await CrawlStateFile.OpenAsync(FilePath, _ => { });
        await file.AppendAsync(records);
    }

    private async Task<List<CrawlRecord>> ReadAsync()
    {
        var read = new List<CrawlRecord>();
        await using var file = await CrawlStateFile.OpenAsync(FilePath, read.Add);
        return read;
    }
}
