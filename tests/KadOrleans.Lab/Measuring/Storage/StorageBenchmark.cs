namespace KadOrleans.Lab;

/// <summary>
/// The cost of durable puts: values of 64 bytes over random held keys. The writers each wait for their acknowledgement. It is no
/// microbenchmark: the disk takes part, and states grow.
/// </summary>
internal static class StorageBenchmark
{
    private const int ValueLength = 64;
    private const int FillAtOnce = 4096;

    private static readonly int[] Writers = [64, 1_000, 10_000];
    private static readonly DateTimeOffset Now = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// <c>storage put FOLDER KEYS SECONDS</c> fills a folder up to so many keys and measures puts;
    /// <c>storage open FOLDER</c> measures start-up and memory.
    /// </summary>
    public static Task RunAsync(string[] args) => args switch
    {
        ["open", var folder] => OpenAsync(folder),
        ["put", var folder, var keys, var seconds] =>
            PutAsync(folder, Numbers.ParseWhole("KEYS", keys, 1, int.MaxValue), Numbers.ParseWhole("SECONDS", seconds, 1, int.MaxValue)),
        _ => throw MeasureCommands.WrongUsage("storage", args, "storage put FOLDER KEYS SECONDS, or storage open FOLDER, is needed."),
    };

    private static async Task OpenAsync(string folder)
    {
        var watch = Stopwatch.StartNew();
        await using var file = SqliteNodeFile.Open(folder, StoreQuota.Unlimited);
        var seconds = watch.Elapsed.TotalSeconds;
        var usage = await file.Keys.GetUsageAsync();
        Console.WriteLine($"open: {usage.Keys} keys, {seconds:F2} s, {Resident():F0} MB resident, file {FileSize(folder):F0} MB");
    }

    private static async Task PutAsync(string folder, int keys, int seconds)
    {
        await using var file = SqliteNodeFile.Open(folder, StoreQuota.Unlimited);
        var store = file.Keys;
        var held = (int)(await store.GetUsageAsync()).Keys;
        var watch = Stopwatch.StartNew();
        for (var first = held; first < keys; first += FillAtOnce)
        {
            await Task.WhenAll(Enumerable.Range(first, Math.Min(FillAtOnce, keys - first)).Select(i => store.PutAsync(Key(i), Value(i)).AsTask()));
        }

        Console.WriteLine($"fill: {keys - held} keys, {(keys - held) / watch.Elapsed.TotalSeconds:F0} puts/s");
        foreach (var writers in Writers)
        {
            // A queue of 8,192 writes refuses at once what is beyond it: those wait a moment and try again.
            await MeasureAsync(store, keys, writers, TimeSpan.FromSeconds(1));
            var cpu = Environment.CpuUsage.TotalTime;
            watch.Restart();
            var (puts, refused) = await MeasureAsync(store, keys, writers, TimeSpan.FromSeconds(seconds));
            var elapsed = watch.Elapsed;
            cpu = Environment.CpuUsage.TotalTime - cpu;
            Console.WriteLine($"put: {keys} keys, {writers} writers: {puts / elapsed.TotalSeconds:F0} puts/s, {cpu.TotalMicroseconds / puts:F1} us of processor each, {puts / cpu.TotalSeconds:F0} puts per processor second, {refused} refused, {Resident():F0} MB, file {FileSize(folder):F0} MB");
        }
    }

    private static async Task<(long Puts, long Refused)> MeasureAsync(IKeyStore store, int keys, int writers, TimeSpan time)
    {
        var puts = 0L;
        var refused = 0L;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, writers).Select(seed => Task.Run(() => WriteAsync(seed))));
        return (puts, refused);

        async Task WriteAsync(int seed)
        {
            var random = new Random(seed);
            while (watch.Elapsed < time)
            {
                if (await store.PutAsync(Key(random.Next(keys)), Value(random.NextInt64())) == StoreResult.Stored)
                {
                    Interlocked.Increment(ref puts);
                }
                else
                {
                    Interlocked.Increment(ref refused);
                    await Task.Delay(1);
                }
            }
        }
    }

    // As evenly spread as digests, and cheaper to make.
    private static NodeId Key(int number)
    {
        Span<byte> bytes = stackalloc byte[NodeId.Length];
        new FuzzRandom(0, number).Fill(bytes);
        return new NodeId(bytes);
    }

    private static StoredValue Value(long number)
    {
        var bytes = new byte[ValueLength];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        return new StoredValue(DhtValue.FromBytes(bytes), Now, Now.AddDays(1), default);
    }

    private static double Resident() => Environment.WorkingSet / 1e6;

    private static double FileSize(string folder) =>
        new DirectoryInfo(folder).EnumerateFiles().Sum(file => file.Length) / 1e6;
}
