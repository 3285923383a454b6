using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.Lab;

/// <summary>
/// Keys over HTTP. <c>http SECONDS ROUNDS</c> compares gets and puts of one node with an endpoint of the same server. It returns as many
/// bytes and does nothing. They take turns. Clients and server share the machine. <c>http watch COUNT</c> measures the time from a put
/// to all watches of its key. Their readers are another process.
/// </summary>
internal static class HttpBenchmark
{
    private const int Clients = 32;
    private const string Key = "/v1/keys/key";
    private const string Bare = "/bare";

    public static async Task<int> RunAsync(string[] args)
    {
        switch (args)
        {
            case ["readers", var address, var token, var count]:
                await ReadAsync(Client(address, token), int.Parse(count, CultureInfo.InvariantCulture));
                return 0;
            case ["watch", var count]:
                await WatchAsync(int.Parse(count, CultureInfo.InvariantCulture));
                return 0;
            case ["map", var rows, var rounds]:
                await CrawlMapBenchmark.RunAsync(int.Parse(rows, CultureInfo.InvariantCulture), int.Parse(rounds, CultureInfo.InvariantCulture));
                return 0;
            case [var seconds, var rounds]:
                await CompareAsync(TimeSpan.FromSeconds(int.Parse(seconds, CultureInfo.InvariantCulture)), int.Parse(rounds, CultureInfo.InvariantCulture));
                return 0;
            default:
                await Console.Error.WriteLineAsync("http SECONDS ROUNDS, http watch COUNT, or http map ROWS ROUNDS, is needed.");
                return 2;
        }
    }

    private static async Task CompareAsync(TimeSpan time, int rounds)
    {
        await using var node = await StartNodeAsync();
        await node.SetAsync("key", "value");
        var (secret, token) = ApiToken.Create("benchmark", ApiScope.All, ApiToken.MaxRate);
        await using var server = await ServeAsync(node, token);
        using var http = Client(server.Address.ToString(), secret);
        for (var round = 0; round <= rounds; round++)
        {
            var bare = await LoadAsync(time, _ => GetAsync(http, Bare));
            var get = await LoadAsync(time, _ => GetAsync(http, Key));
            var put = await LoadAsync(time, i => PutAsync(http, i));

            // The first round compiles.
            if (round > 0)
            {
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"bare {bare:N0}/s, get {get:N0}/s ({get / bare:F2}), put {put:N0}/s ({put / bare:F2})"));
            }
        }
    }

    private static async Task WatchAsync(int count)
    {
        await using var node = await StartNodeAsync();
        await node.SetAsync("key", 0);
        var (secret, token) = ApiToken.Create("benchmark", ApiScope.All, ApiToken.MaxRate);
        await using var server = await ServeAsync(node, token);
        using var readers = Process.Start(new ProcessStartInfo(
            "dotnet", [typeof(HttpBenchmark).Assembly.Location, "http", "readers", server.Address.ToString(), secret, $"{count}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        })!;
        Console.WriteLine(await readers.StandardOutput.ReadLineAsync());
        for (var i = 0; i < 5; i++)
        {
            await node.SetAsync("key", Stopwatch.GetTimestamp());
            Console.WriteLine(await readers.StandardOutput.ReadLineAsync());
        }

        readers.StandardInput.Close();
        await readers.WaitForExitAsync();
        Console.WriteLine($"the node's heap: {GC.GetTotalMemory(forceFullCollection: false) >> 20} MiB");
    }

    /// <summary>Watches the key and prints how long after a put the first and the last reader had it. The value is the time of the put.</summary>
    private static async Task ReadAsync(HttpClient http, int count)
    {
        var begun = Stopwatch.GetTimestamp();
        using var ending = new CancellationTokenSource();
        var connecting = new SemaphoreSlim(256);
        var connected = new CountdownEvent(count);
        var (gate, took) = (new Lock(), new List<TimeSpan>(count));
        using var all = new SemaphoreSlim(0);
        var readers = Enumerable.Range(0, count).Select(_ => Task.Run(ReadOneAsync)).ToList();
        await Task.WhenAny(Task.Run(connected.Wait), Task.WhenAny(readers).Unwrap());
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count - connected.CurrentCount} watches after {Stopwatch.GetElapsedTime(begun).TotalSeconds:F1} s"));
        for (var i = 0; i < 5; i++)
        {
            await all.WaitAsync();
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"first after {took[0].TotalMilliseconds:F0} ms, last after {took[^1].TotalMilliseconds:F0} ms"));
            took.Clear();
        }

        Console.In.Read();
        Environment.Exit(0);

        async Task ReadOneAsync()
        {
            await connecting.WaitAsync();
            var stream = await http.GetStreamAsync(new Uri($"{Key}/events", UriKind.Relative));
            var isFirst = true;
            await foreach (var item in SseParser.Create(stream).EnumerateAsync(ending.Token))
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

    private static async Task<double> LoadAsync(TimeSpan time, Func<int, Task> request)
    {
        var begun = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            var done = 0;
            for (; Stopwatch.GetElapsedTime(begun) < time; done++)
            {
                await request((done * Clients) + client);
            }

            return done;
        })));
        return counts.Sum() / Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }

    private static async Task GetAsync(HttpClient http, string path)
    {
        using var response = await http.GetAsync(new Uri(path, UriKind.Relative));
        response.EnsureSuccessStatusCode();
    }

    private static async Task PutAsync(HttpClient http, int number)
    {
        using var content = new StringContent("value");
        using var response = await http.PutAsync(new Uri($"/v1/keys/{number % 1_000}?wait=durable", UriKind.Relative), content);
        response.EnsureSuccessStatusCode();
    }

    public static HttpClient Client(string address, string token)
    {
        var http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = new Uri($"http://{address}"), Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return http;
    }

    private static async Task<KadNode> StartNodeAsync()
    {
        var node = await KadNode.CreateBuilder()
            .UseUdp(new UdpTransportOptions { Listen = [UdpEndpoint.Parse("127.0.0.1:0")] })
            .BuildAsync();
        await node.StartAsync();
        return node;
    }

    private static Task<StatusServer> ServeAsync(KadNode node, ApiToken token)
    {
        // As long as the response of a get.
        var body = new string('x', 150);
        return StatusServer.StartAsync(
            new HttpPlace(new IPEndPoint(IPAddress.Loopback, 0), HostNames.None, "--http", "--http-host", HttpLimits.MostConnections),
            () => new Health(Health.Ready),
            pages =>
            {
                pages.MapDhtApi();
                pages.MapGet(Bare, context => context.Response.WriteAsync(body));
            },
            services => services.AddSingleton<IDht>(node).AddDhtApi(ApiTokens.Of(token)),
            NullLoggerFactory.Instance,
            CancellationToken.None);
    }
}
