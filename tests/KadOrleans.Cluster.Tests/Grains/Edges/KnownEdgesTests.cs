using KadOrleans.Cluster.Tests.Edges;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>A reader of the list and the log that answers it, through changes in any order.</summary>
public sealed class KnownEdgesTests
{
    private readonly ManualTimeProvider _clock = new();
    private readonly KnownEdges _known;
    private EdgeListLog _log = new();

    public KnownEdgesTests() => _known = new KnownEdges(_clock);

    [Fact]
    public async Task Whatever_changes_a_reader_knows_what_the_list_says_and_the_same_list_has_the_same_version()
    {
        var random = new Random(3);
        var listed = new Dictionary<string, LiveEdge>();
        for (var change = 0; change < 3 * EdgeListLog.MaxChanges; change++)
        {
            var name = $"{random.Next(40)}";
            if (random.Next(3) == 0)
            {
                listed.Remove(name);
                _log.Remove(name);
            }
            else
            {
                var edge = listed[name] = Edge(name, random.Next(5));
                _log.Set(edge);
            }

            if (random.Next(8) == 0)
            {
                await ReadAsync();
                Assert.Equal(listed.Values.OrderBy(edge => edge.Name), _known.All.OrderBy(edge => edge.Name));
            }

            if (random.Next(100) == 0)
            {
                // The directory moves.
                _log = new EdgeListLog();
                listed.Values.Reverse().ToList().ForEach(_log.Set);
            }
        }
    }

    [Fact]
    public async Task A_reader_that_missed_more_changes_than_are_kept_gets_the_whole_list()
    {
        _log.Set(Edge("one", 1));
        var version = await ReadAsync();
        for (var epoch = 2; epoch < EdgeListLog.MaxChanges + 3; epoch++)
        {
            _log.Set(Edge("other", epoch));
        }

        Assert.True(_log.Since(version).IsWhole);
        await ReadAsync();
        Assert.Equal(2, _known.All.Count);
    }

    [Fact]
    public async Task A_directory_that_fails_takes_no_edge_away()
    {
        _log.Set(Edge("one", 1));
        Assert.Null(_known.Age);
        await ReadAsync();
        _clock.Advance(TimeSpan.FromSeconds(7));

        await Assert.ThrowsAsync<IOException>(() => _known.ReadAsync(_ => throw new IOException("The silo has left.")));

        Assert.Equal(("one", TimeSpan.FromSeconds(7)), (Assert.Single(_known.All).Name, _known.Age));
    }

    // Answers may come in another order than they were asked for.
    [Fact]
    public async Task Readers_that_ask_at_once_disturb_each_other_no_more_than_until_the_next_answer()
    {
        _log.Set(Edge("one", 1));
        await ReadAsync();
        var late = new TaskCompletionSource<EdgeList>();
        var reading = _known.ReadAsync(version => late.Task);
        var answer = _log.Since(_log.Since(0).Version);
        _log.Set(Edge("two", 1));
        await ReadAsync();
        late.SetResult(answer);
        await reading;

        await ReadAsync();
        Assert.Equal(["one", "two"], _known.All.Select(edge => edge.Name).Order());
    }

    private async Task<ulong> ReadAsync()
    {
        var version = 0UL;
        await _known.ReadAsync(known =>
        {
            var answer = _log.Since(known);
            version = answer.Version;
            return Task.FromResult(answer);
        });
        return version;
    }

    private static LiveEdge Edge(string name, long epoch) => new(name, epoch, [], Desks.Of("desk"));

    /// <summary>Desks with a grain id that the version is made of.</summary>
    private static class Desks
    {
        private static readonly DirectoryHost Host = new(new ManualTimeProvider());
        private static readonly ConcurrentDictionary<string, IEdgeDesk> All = new();

        public static IEdgeDesk Of(string key) => All.GetOrAdd(key, static _ => Host.Reference(new TestEdge()));
    }
}
