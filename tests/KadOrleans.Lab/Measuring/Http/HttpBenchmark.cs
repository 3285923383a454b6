using System.Net.ServerSentEvents;

namespace KadOrleans.Lab;

/// <summary>
/// Keys over HTTP. <c>http SECONDS ROUNDS</c> compares gets and puts of one node with an endpoint of the same server. It returns as many
/// bytes and does nothing. They take turns. Clients and server share the machine. <c>http watch COUNT</c> measures the time from a put
/// to all watches of its key. Their readers are another process.
/// </summary>
internal static class HttpBenchmark
{
    private const int Clients = 32;
    private const int Puts = 5;
    private const string Key = "/v1/keys/key";

    public static Task RunAsync(string[] args) => args switch
    {
        ["readers", var address, var token, var count] => ReadAsync(ServedNode.Client(address, token), Parse(count)),
        ["watch", var count] => WatchAsync(Parse(count)),
        ["map", var rows, var rounds] => CrawlMapBenchmark.RunAsync(Parse(rows), Parse(rounds)),
        [var seconds, var rounds] => CompareAsync(TimeSpan.FromSeconds(Parse(seconds)), Parse(rounds)),
        _ => throw MeasureCommands.WrongUsage("http", args, "http SECONDS ROUNDS, http watch COUNT, or http map ROWS ROUNDS, is needed."),
    };

    private static int Parse(string text) => Numbers.ParseWhole("kad-lab http", text, 1, int.MaxValue);

    private static async Task CompareAsync(TimeSpan time, int rounds)
    {
        await using var served = await ServedNode.StartAsync();
        await served.Node.SetAsync("key", "value");
        using var http = ServedNode.Client(served.Address, served.Secret);
        for (var round = 0; round <= rounds; round++)
        {
            var bare = await LoadAsync(time, _ => http.GetAsync(new Uri(ServedNode.Bare, UriKind.Relative)));
            var get = await LoadAsync(time, _ => http.GetAsync(new Uri(Key, UriKind.Relative)));
            var put = await LoadAsync(time, i => PutAsync(http, i));

            // The first round compiles.
            if (round > 0)
            {
                Console.WriteLine($"bare {bare:N0}/s, get {get:N0}/s ({get / bare:F2}), put {put:N0}/s ({put / bare:F2})");
            }
        }
    }

    private static async Task WatchAsync(int count)
    {
        await using var served = await ServedNode.StartAsync();
        await served.Node.SetAsync("key", 0);
        await using var readers = ChildProcess.Start(
            LabCommand.Name, Environment.CurrentDirectory, "http", "readers", served.Address, served.Secret, $"{count}");
        Console.WriteLine(await readers.Output.NextAsync(CancellationToken.None));
        for (var i = 0; i < Puts; i++)
        {
            await served.Node.SetAsync("key", Stopwatch.GetTimestamp());
            Console.WriteLine(await readers.Output.NextAsync(CancellationToken.None));
        }

        await readers.FinishAsync();
        Console.WriteLine($"the node's heap: {GC.GetTotalMemory(forceFullCollection: false) >> 20} MiB");
    }

    /// <summary>Watches the key and prints how long after a put the first and the last reader had it. The value is the time of the put.</summary>
    private static async Task ReadAsync(HttpClient http, int count)
    {
        var begun = Stopwatch.GetTimestamp();
        var connecting = new SemaphoreSlim(256);
        var connected = new CountdownEvent(count);
        var (gate, took) = (new Lock(), new List<TimeSpan>(count));
        using var all = new SemaphoreSlim(0);
        var readers = Enumerable.Range(0, count).Select(_ => Task.Run(ReadOneAsync)).ToList();
        await Task.WhenAny(Task.Run(connected.Wait), Task.WhenAny(readers).Unwrap());
        Console.WriteLine($"{count - connected.CurrentCount} watches after {Stopwatch.GetElapsedTime(begun).TotalSeconds:F1} s");
        for (var i = 0; i < Puts; i++)
        {
            await all.WaitAsync();
            Console.WriteLine($"first after {took[0].TotalMilliseconds:F0} ms, last after {took[^1].TotalMilliseconds:F0} ms");
            took.Clear();
        }

        Console.In.Read();
        Environment.Exit(0);

        async Task ReadOneAsync()
        {
            await connecting.WaitAsync();
            var stream = await http.GetStreamAsync(new Uri($"{Key}/events", UriKind.Relative));
            var isFirst = true;
            await foreach (var item in SseParser.Create(stream).EnumerateAsync())
            {
                if (isFirst)
                {
                    isFirst = false;
                    connecting.Release();
                    connected.Signal();
                }
                else if (item.EventType == WatchApi.Value)
                {
                    var at = JsonDocument.Parse(item.Data).RootElement.GetProperty("value").GetInt64();
                    lock (gate)
                    {
                        took.Add(Stopwatch.GetElapsedTime(at));
                        if (took.Count == count)
                        {
                            all.Release();
                        }
                    }
                }
            }
        }
    }

    private static async Task<double> LoadAsync(TimeSpan time, Func<int, Task<HttpResponseMessage>> request)
    {
        var begun = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            var done = 0;
            for (; Stopwatch.GetElapsedTime(begun) < time; done++)
            {
                using var response = await request((done * Clients) + client);
                response.EnsureSuccessStatusCode();
            }

            return done;
        })));
        return counts.Sum() / Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }

    private static async Task<HttpResponseMessage> PutAsync(HttpClient http, int number)
    {
        using var content = new StringContent("value");
        return await http.PutAsync(new Uri($"/v1/keys/{number % 1_000}?wait=durable", UriKind.Relative), content);
    }
}
