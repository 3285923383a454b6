using KadOrleans.Cluster.Tests.Grains;
using KadOrleans.Shards;

namespace KadOrleans.Cluster.Tests.Edges;

// Two shards over storage in memory, the desks of two silos, and one edge, on a clock that stands still between steps. Each answer is
// compared with the values that its key had within the bound before the get.
internal sealed class EdgeAnswersModel
{
    public const int ShardBits = 1;

    /// <summary>Those that are asked for.</summary>
    public const int Keys = 12;

    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan OutageBound = TimeSpan.FromSeconds(6);

    private readonly ManualTimeProvider _clock = new();
    private readonly ModelShard[] _shards;
    private readonly SiloNews[] _silos;
    private readonly Dictionary<NodeId, KeyRecord> _records = [];
    private readonly List<ModelGet> _gets = [];
    private readonly List<(NodeId Key, int Number)> _puts = [];
    private TaskCompletionSource<IReadOnlyList<ShardNews>>? _lateNews;
    private IReadOnlyList<ShardNews> _lateContent = [];
    private Task _reading = Task.CompletedTask;
    private NewsFate _fate;
    private int _siloCalls;
    private int _values;

    public EdgeAnswersModel()
    {
        _shards = [new(0, _clock), new(1, _clock)];
        var options = Options.Create(new KadClusterOptions { ShardBits = ShardBits });
        var shards = new ClusterShards(options);
        _silos = [new SiloNews(shards, AskSiloAsync, _clock), new SiloNews(shards, AskSiloAsync, _clock)];
        Answers = new EdgeAnswers(
            ShardLayout.Of(ShardBits),
            new GrainKeyStoreOptions { MaxStaleness = Bound, MaxOutageStaleness = OutageBound },
            _clock,
            AskForNewsAsync,
            AskShardAsync,
            Counts);
        for (var i = 0; i < Keys; i++)
        {
            _records.Add(StoredValues.Key(i), new KeyRecord());
        }
    }

    private enum NewsFate
    {
        Arrives,
        IsLost,
        IsLate,
    }

    public EdgeAnswers Answers { get; }

    public AnswerCounts Counts { get; } = new();

    /// <summary>FIND_VALUEs that were answered with contacts, as the shard did not respond.</summary>
    public int Unanswered { get; private set; }

    /// <summary>Does something; the same number does the same.</summary>
    public void Step(int number)
    {
        var key = StoredValues.Key(number / 32 % Keys);
        var shard = ShardOf(key);
        switch (number % 34)
        {
            case < 12:
                Get(key, isFind: number / 384 % 2 == 0);
                break;
            case < 14:
                Put(shard, key);
                break;
            case 14:
                shard.Remove(key);
                _records[key].Add(_clock.Elapsed, null);
                break;
            case 15 when number / 1_024 % 8 == 0:
                shard.PutOthers(Text());
                break;
            case < 18:
                // A put of this edge that is in storage, and not acknowledged.
                Put(shard, key);
                _puts.Add((key, _records[key].Last));
                break;
            case < 20:
                AcknowledgePuts();
                break;
            case 20:
                shard.Move();
                break;
            case < 23:
                _gets.ForEach(get => get.Serve());
                break;
            case < 25:
                Deliver();
                break;
            case < 28:
                _clock.Advance(TimeSpan.FromMilliseconds(number / 32 % 700));
                break;
            case 28:
                EndLateNews();
                break;
            case 32:
                // As if its silo hung or died. If that died, it starts anew on another one.
                shard.IsSilent = !shard.IsSilent;
                if (!shard.IsSilent && number / 1_024 % 2 == 0)
                {
                    shard.Crash();
                }

                break;
            case 33:
                _clock.Advance(TimeSpan.FromMilliseconds(number / 32 % 3_000));
                break;
            default:
                Read((NewsFate)(number / 32 % 4 % 3));
                break;
        }
    }

    private ModelShard ShardOf(NodeId key) => _shards[GrainKeys.Shard(key, ShardBits)];

    private void Put(ModelShard shard, NodeId key)
    {
        var value = Text();
        shard.Put([key], value);
        _records[key].Add(_clock.Elapsed, value);
    }

    private StoredValue Text() => Samples.Text($"value {++_values}") with { StoredAt = _clock.GetUtcNow() };

    private void AcknowledgePuts()
    {
        foreach (var (key, number) in _puts)
        {
            Answers.Changed(key);
            _records[key].Acknowledge(number);
        }

        _puts.Clear();
    }

    private void Get(NodeId key, bool isFind)
    {
        var oldest = _records[key].OldestAllowed(_clock.Elapsed - (isFind ? OutageBound : Bound));
        if (isFind ? Answers.TryFind(key, out var value) : Answers.TryGet(key, out value))
        {
            _records[key].Check(oldest, value);
            return;
        }

        _ = CheckAsync(isFind
            ? Answers.FindAsync(key)
            : Answers.AskAsync(key, CancellationToken.None));

        async Task CheckAsync(Task<StoredValue?> get)
        {
            try
            {
                _records[key].Check(oldest, await get);
            }
            catch (TimeoutException) when (isFind)
            {
                // The remote node gets contacts.
                Unanswered++;
            }
        }
    }

    private async ValueTask<StoredValue?> AskShardAsync(NodeId key)
    {
        var get = new ModelGet(ShardOf(key), key);
        _gets.Add(get);
        return await get.Completion.Task;
    }

    private void Deliver()
    {
        foreach (var get in _gets.FindAll(get => get.IsServed))
        {
            _gets.Remove(get);
            get.Completion.SetResult(get.Value);
        }

        foreach (var record in _records.Values)
        {
            record.ThrowIfWrong();
        }
    }

    private void Read(NewsFate fate)
    {
        EndLateNews();
        _fate = fate;
        _reading = Answers.ReadNewsAsync();
        if (fate != NewsFate.IsLate)
        {
            _reading.GetAwaiter().GetResult();
        }
    }

    private void EndLateNews()
    {
        _lateNews?.TrySetResult(_lateContent);
        _lateNews = null;
        _fate = NewsFate.IsLost;

        // If the edge gave up the late call, it has asked once more.
        _reading.GetAwaiter().GetResult();
    }

    /// <summary>Shard 0 says that it is on a silo, and every third time that silo knows it no more.</summary>
    private async Task<IReadOnlyList<ShardNews>> AskSiloAsync(SiloAddress silo, IReadOnlyList<ShardPoint> known)
    {
        Assert.Equal(ModelShard.Silo, silo);
        return _siloCalls++ % 3 == 2 ? [] : [(await _shards[known.Single().Shard].Grain.GetNewsAsync(known.Single()))!];
    }

    private async Task<IReadOnlyList<ShardNews>> AskForNewsAsync(long desk, IReadOnlyList<ShardPoint> known)
    {
        if (_fate == NewsFate.IsLost)
        {
            throw new TimeoutException("Lost.");
        }

        var news = await _silos[desk % _silos.Length].ReadAsync(known, shard => _shards[shard].Grain);
        if (_fate == NewsFate.Arrives)
        {
            return news;
        }

        _lateContent = news;
        _lateNews = new TaskCompletionSource<IReadOnlyList<ShardNews>>();
        return await _lateNews.Task;
    }
}

/// <summary>The values that a key had.</summary>
internal sealed class KeyRecord
{
    private readonly List<(TimeSpan At, StoredValue? Value)> _values = [(TimeSpan.MinValue, null)];
    private int _acknowledged;
    private string? _mistake;

    public int Last => _values.Count - 1;

    public void Add(TimeSpan at, StoredValue? value) => _values.Add((at, value));

    /// <summary>The edge was told that its put is stored: all before is outdated for it.</summary>
    public void Acknowledge(int number) => _acknowledged = Math.Max(_acknowledged, number);

    /// <summary>The oldest value that a get may return which begins now.</summary>
    /// <param name="since">The key's value at this time, and later ones, are allowed.</param>
    public int OldestAllowed(TimeSpan since) => Math.Max(_acknowledged, _values.FindLastIndex(entry => entry.At <= since));

    public void Check(int oldest, StoredValue? value)
    {
        if (!_values.Skip(oldest).Any(entry => entry.Value?.Value == value?.Value))
        {
            _mistake = $"{value?.Value.ToString() ?? "nothing"} was found, the {_values.FindLastIndex(e => e.Value?.Value == value?.Value)}th of {_values.Count}; it had to be the {oldest}th or later.";
        }

        ThrowIfWrong();
    }

    public void ThrowIfWrong() => Assert.Null(_mistake);
}

/// <summary>A get on its way to a shard and back.</summary>
internal sealed class ModelGet(ModelShard shard, NodeId key)
{
    public TaskCompletionSource<StoredValue?> Completion { get; } = new();

    public bool IsServed { get; private set; }

    public StoredValue? Value { get; private set; }

    public void Serve()
    {
        if (!IsServed && !shard.IsSilent)
        {
            (IsServed, Value) = (true, shard.Find(key));
        }
    }
}

/// <summary>A shard's engine, over records that outlive its activations. It tells its news as the shard's grain does.</summary>
internal sealed class ModelShard
{
    public static readonly SiloAddress Silo = SiloAddress.New(IPAddress.Loopback, 1, 1);

    private const int MaxChanges = 256;

    /// <summary>Of each shard, more than the changes that are remembered.</summary>
    private static readonly NodeId[][] Others =
        [.. Enumerable.Range(0, 2).Select(shard => Samples.KeysOf(shard, EdgeAnswersModel.ShardBits).Skip(EdgeAnswersModel.Keys).Take(600).ToArray())];

    private readonly long _number;
    private readonly ManualTimeProvider _clock;
    private readonly ShardRecordStorage _records = ShardRecordStorageTests.RecordsOf(new TestRows());
    private VirtualThread _thread = null!;
    private ValueCache _cache = null!;
    private ShardEngine _engine = null!;
    private int _activations;

    public ModelShard(long number, ManualTimeProvider clock)
    {
        (_number, _clock) = (number, clock);
        Grain = Fake.Of<IKeyShardGrain>((method, args) => method == nameof(IKeyShardGrain.GetNewsAsync)
            ? new ValueTask<ShardNews?>(IsSilent ? Task.FromException<ShardNews?>(new TimeoutException("Silent.")) : Task.FromResult(Tell((ShardPoint)args[0]!)))
            : throw new NotSupportedException(method));
        Begin(moved: null);
    }

    public IKeyShardGrain Grain { get; }

    public bool IsSilent { get; set; }

    /// <summary>What its silo answers: by its cache, or the shard.</summary>
    public StoredValue? Find(NodeId key) =>
        _cache.TryGetOpen(key, out var value) ? value : Run(() => _engine.ReadAsync([key], keeps: true))[0];

    public void Put(IReadOnlyList<NodeId> keys, StoredValue value)
    {
        var results = Run(() => _engine.PutAsync(keys, key => new Put(key, value), step: TimeSpan.Zero));
        Assert.All(results, result => Assert.Equal(StoreResult.Stored, result));
    }

    public void PutOthers(StoredValue value) => Put(Others[_number], value);

    public void Remove(NodeId key) => Run(() => _engine.ChangeAsync(WriteKind.Remove, [key], one => (one, DateTimeOffset.MaxValue)));

    /// <summary>Ends the activation in good order, and begins another one with what this one leaves it.</summary>
    public void Move() => Begin(Run(async () =>
    {
        _engine.Close();
        await _engine.EndAsync();
        return _engine.Log.Save();
    }));

    /// <summary>Begins another activation. What the one before has under way stays undone.</summary>
    public void Crash() => Begin(moved: null);

    // On a silo that has cached nothing yet.
    private void Begin(MovedLog? moved)
    {
        _thread = new VirtualThread();
        _cache = new ValueCache(4 * CachedValue.Overhead);
        _engine = new ShardEngine(
            GrainKeys.ShardName(_number),
            _records,
            halves: null,
            StoreQuota.Unlimited,
            _cache,
            new KademliaOptions(),
            new SeededRandomSource((2 * _activations++) + (int)_number),
            _clock,
            NullLogger.Instance);
        Run(async () =>
        {
            await _engine.ActivateAsync(moved, half: null);
            return true;
        });
    }

    private T Run<T>(Func<Task<T>> method) => _thread.Run(_clock, method);

    private ShardNews? Tell(ShardPoint known) => _engine.GetHistory(MaxChanges) is { } history
        ? SiloNews.Read(history, known, TimeSpan.Zero) with { Silo = _number == 0 ? Silo : null }
        : null;
}
