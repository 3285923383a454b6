using System.Net.Http.Headers;
using KadOrleans.Tests.Cli;
using KadOrleans.Tests.Node;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace KadOrleans.Tests.Http;

/// <summary>
/// API and console over a <see cref="FakeDht"/>, on a free port of loopback. The tests of a class share one, as its start takes most of
/// their time; each begins with <see cref="Reset"/>.
/// </summary>
public sealed class ApiHost : IAsyncLifetime
{
    /// <summary>A name under which browsers ask by HTTPS, as the server's setting says.</summary>
    public const string EncryptedName = "kad.example.org";

    private string _writerToken = null!;
    private StatusServer _server = null!;
    private IHostApplicationLifetime _lifetime = null!;

    /// <summary>Those that are accepted.</summary>
    internal ApiTokens Tokens { get; private set; } = new();

    internal FakeDht Dht { get; private set; } = new();

    internal FakeAdmin Admin { get; private set; } = new();

    /// <summary>The audit log, the newest first.</summary>
    public IEnumerable<string> Audit => Admin.Audit.Reverse().Select(entry => $"{entry.Action} {entry.Target}: {entry.Result}");

    /// <summary>The process's log.</summary>
    internal RecordingLog Log { get; } = new();

    /// <summary>Of the storage, for an alarm.</summary>
    internal FailedWrites FailedWrites { get; } = new();

    /// <summary>What is served.</summary>
    internal IReadOnlyList<RouteEndpoint> Endpoints { get; private set; } = [];

    /// <summary>How often the OpenAPI document was made.</summary>
    public int DocumentsMade { get; private set; }

    /// <summary>The data folder, with the token of an operator whose requests are not counted.</summary>
    internal TemporaryFolder Folder { get; } = new();

    /// <summary>The clock of heartbeats.</summary>
    public ManualTimeProvider Time { get; } = new();

    /// <summary>Of bodies. With Latin-1 each character is one byte, which need not be UTF-8.</summary>
    public Encoding BodyEncoding { get; set; } = Encoding.UTF8;

    /// <summary>Has the token with all scopes.</summary>
    public HttpClient Http { get; private set; } = null!;

    /// <summary>The header with a token that may only read, once a second.</summary>
    public (string, string) Reader { get; private set; }

    /// <summary>The header with a token that may view and manage, and has no other scope.</summary>
    public (string, string) Manager { get; private set; }

    public static async Task<ApiHost> StartAsync()
    {
        var host = new ApiHost();
        await host.InitializeAsync();
        return host;
    }

    public async ValueTask InitializeAsync()
    {
        var (writer, all) = ApiToken.Create("writer", ApiScope.All);
        var (reader, one) = ApiToken.Create("reader", [ApiScope.Read], requestsPerSecond: 1);
        var (manager, two) = ApiToken.Create("manager", [ApiScope.View, ApiScope.Manage]);
        var (secret, any) = ApiToken.Create("operator", ApiScope.All, ApiToken.MaxRate);
        File.WriteAllText(Folder[OwnToken.FileName], secret);
        Tokens = new ApiTokens(all, one, two, any);
        (_writerToken, Reader, Manager) = (writer, ("Authorization", $"Bearer {reader}"), ("Authorization", $"Bearer {manager}"));
        _server = await StatusServer.StartAsync(
            new HttpPlace(new IPEndPoint(IPAddress.Loopback, 0), new HostNames([$"https://{EncryptedName}"]), "--http", "--http-host"),
            () => new Health(Health.Ready),
            pages =>
            {
                _lifetime = pages.ServiceProvider.GetRequiredService<IHostApplicationLifetime>();
                pages.MapDhtApi();
                pages.MapKadConsole();
                Endpoints = [.. pages.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()];
            },
            services => services.AddSingleton<TimeProvider>(Time)
                .Configure<OpenApiOptions>("v1", options => options.AddDocumentTransformer((_, _, _) =>
                {
                    DocumentsMade++;
                    return Task.CompletedTask;
                }))
                .AddTransient<IDht>(_ => Dht).AddTransient(_ => Admin.Api).AddDhtApi(Tokens).AddSingleton(FailedWrites)
                .AddKadConsole(new ConsoleSubject(IsCluster: false, "memory")),
            Log,
            TestContext.Current.CancellationToken);
        Http = new HttpClient { BaseAddress = new Uri($"http://{_server.Address}") };
        Reset();
    }

    /// <summary>Forgets what an earlier test did, but not what it took of the tokens' rates.</summary>
    public ApiHost Reset()
    {
        (Dht, Admin, BodyEncoding) = (new FakeDht(), new FakeAdmin(), Encoding.UTF8);
        Time.Advance(TimeSpan.FromHours(1));
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _writerToken);
        return this;
    }

    /// <summary>Tells the process to stop, as a signal does. It still serves.</summary>
    public void BeginStop() => _lifetime.StopApplication();

    /// <summary>Runs a command of <c>kad admin</c>.</summary>
    internal Task<KadRun> RunAsync(params string[] args) => KadRun.RunAsync(["admin", .. args, "--url", $"{Http.BaseAddress}", "--data", Folder.Path]);

    public async Task<HttpResponseMessage> SendAsync(
        string method, string path, string? body = null, string type = "application/json", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(BodyEncoding.GetBytes(body));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        foreach (var (name, value) in headers)
        {
            HttpHeaders target = name.StartsWith("Content-", StringComparison.Ordinal) ? request.Content!.Headers : request.Headers;
            target.Remove(name);
            target.TryAddWithoutValidation(name, value);
        }

        return await Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>
    /// Sends a request with a target as it is, which HttpClient would resolve, and returns the whole response. The rest has more headers, each with its
    /// end, and the body behind an empty line.
    /// </summary>
    public async Task<string> SendRawAsync(string method, string target, string rest = "\r\n")
    {
        using var socket = await ConnectAsync();
        await socket.SendAsync(Encoding.Latin1.GetBytes(
            $"{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: {Http.DefaultRequestHeaders.Authorization}\r\n{rest}"));
        using var reader = new StreamReader(new NetworkStream(socket));
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Connects to the server.</summary>
    /// <param name="receiveBytes">What the socket takes before its owner reads; 0 is the system's default.</param>
    public async Task<Socket> ConnectAsync(int receiveBytes = 0)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        if (receiveBytes > 0)
        {
            socket.ReceiveBufferSize = receiveBytes;
        }

        await socket.ConnectAsync(IPAddress.Loopback, Http.BaseAddress!.Port, TestContext.Current.CancellationToken);
        return socket;
    }

    /// <summary>Sends a request that fails, and returns its sentence.</summary>
    public async Task<string> FailAsync(
        HttpStatusCode expected, string method, string path, string? body = null, string type = "application/json", params (string Name, string Value)[] headers)
    {
        using var response = await SendAsync(method, path, body, type, headers);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal((expected, "application/problem+json", text), (response.StatusCode, response.Content.Headers.ContentType?.MediaType, text));
        var problem = JsonDocument.Parse(text).RootElement;
        Assert.Equal((int)expected, problem.GetProperty("status").GetInt32());
        return problem.GetProperty("detail").GetString()!;
    }

    public async Task<JsonElement> JsonAsync(string method, string path, string? body = null, params (string Name, string Value)[] headers)
    {
        using var response = await SendAsync(method, path, body, headers: headers);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>Sends a request, whose response must have at least the members of an object in JSON.</summary>
    public async Task ShowsAsync(string expected, string method, string path, string? body = null, params (string Name, string Value)[] headers)
    {
        var actual = await JsonAsync(method, path, body, headers);
        Assert.True(Has(actual, JsonDocument.Parse(expected).RootElement), actual.GetRawText());
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _server.DisposeAsync();
        Folder.Dispose();
    }

    private static bool Has(JsonElement actual, JsonElement expected) => expected.ValueKind switch
    {
        JsonValueKind.Object => expected.EnumerateObject().All(member => actual.TryGetProperty(member.Name, out var value) && Has(value, member.Value)),
        JsonValueKind.Array => actual.GetArrayLength() == expected.GetArrayLength()
            && actual.EnumerateArray().Zip(expected.EnumerateArray(), Has).All(has => has),
        JsonValueKind.Number => actual.GetRawText() == expected.GetRawText(),
        _ => JsonElement.DeepEquals(actual, expected),
    };
}
