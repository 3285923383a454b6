using KadOrleans.Shards;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>What a silo logs of sources that change more values of others than a shard lets them.</summary>
public sealed class ShardChangesTests
{
    private const int Limit = 10;
    private const int TooMany = 5;
    private const int ChangesRefused = 6404;
    private const string Told = "may change no more values of others in shard 7 within the hour; it changed";

    private readonly ManualTimeProvider _clock = new();
    private readonly List<string> _lines = [];
    private ShardEngine _engine = null!;

    [Fact]
    public Task A_source_beyond_its_limit_is_named_once_an_hour() => OneAtATime.RunAsync(
        async () =>
        {
            await BeginAsync();
            await PutAsync("198.51.100.1", refused: 0);
            await PutAsync("203.0.113.1", TooMany);
            _clock.Advance(TimeSpan.FromMinutes(59));
            await PutAsync("192.0.2.1", TooMany);
            _clock.Advance(TimeSpan.FromMinutes(1));
            await PutAsync("203.0.113.1", TooMany);

            // A line's end says since when they are counted.
            Assert.Equal(
                [$"203.0.113.1 (not proven) {Told} {Limit} ", $"203.0.113.1 (not proven) {Told} {2 * Limit} "],
                _lines.Select(line => line[..line.IndexOf("of them since", StringComparison.Ordinal)]));
        });

    private Task BeginAsync()
    {
        var logger = Fake.Of<ILogger>((method, args) =>
        {
            if (method == nameof(ILogger.Log) && ((EventId)args[1]!).Id == ChangesRefused)
            {
                _lines.Add(args[2]!.ToString()!);
            }

            return method == nameof(ILogger.IsEnabled) ? true : null;
        });
        _engine = new ShardEngine(
            "shard 7",
            ShardRecordStorageTests.RecordsOf(new TestRows()),
            halves: null,
            StoreQuota.Unlimited with { ChangesPerSource = Limit },
            new ValueCache(1 << 20),
            new KademliaOptions(),
            new SeededRandomSource(1),
            _clock,
            logger);
        return _engine.ActivateAsync(moved: null, half: null);
    }

    /// <summary>Changes all keys in one call, which is one write.</summary>
    private async Task PutAsync(string source, int refused)
    {
        var (now, network) = (_clock.GetUtcNow(), SourceNetwork.Of(UdpEndpoint.Parse($"{source}:1")));
        var value = Samples.Text($"{source} at {now:O}") with { StoredAt = now, Source = network };
        var results = await _engine.PutAsync(
            [.. Enumerable.Range(0, Limit + TooMany).Select(Samples.Key)], key => new Put(key, value), step: TimeSpan.Zero);
        Assert.Equal(refused, results.Count(result => result == StoreResult.ChangeLimitExceeded));
        Assert.Equal(Limit + TooMany - refused, results.Count(result => result == StoreResult.Stored));
    }
}
