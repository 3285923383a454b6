using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Cli;

internal static class NodeCommand
{
    // Without a client it has 157 open, and 258 with HTTP: mostly assemblies.
    private const int LeastFiles = 192;
    private const int LeastFilesOfHttp = 300;

    public static Command Create(CommandIo io)
    {
        var options = new NodeOptions();
        var command = new ExampleCommand("node", "Run a node until SIGTERM or Ctrl-C.")
        {
            Examples =
            [
                "kad node --in-memory",
                "kad node --listen 0.0.0.0:8468 --bootstrap node.example.org:8468 --data /var/lib/kad --http 8080",
                "kad node --data /var/lib/kad --max-keys 10000000 --max-bytes 10000000000 --cache 268435456",
                "kad node --listen 127.0.0.1:0 --listen [::1]:0 --in-memory --trust 127.0.0.0/8",
            ],
            Notes = "When it is ready, the node prints one line per endpoint: listening udp ADDRESS:PORT id HEX. Logs go to "
                + "the standard error output.",
        }.With([.. options.All]);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var settings = options.Read(parsed);
            if (OpenFiles.FindShortage(settings.Http is null ? LeastFiles : LeastFilesOfHttp) is { } shortage)
            {
                throw CommandException.WrongUsage(shortage);
            }

            await using var log = new QueuedWriter(io.Error);
            NodeRunner? runner = null;
            await using var services = AddLog(new ServiceCollection(), log, settings, () => runner?.IsServing is true).BuildServiceProvider();
            runner = new NodeRunner(io, settings, services);
            try
            {
                await runner.RunAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // Stopped while it started or joined.
            }

            return ExitCode.Done;
        });
        return command;
    }

    // What the node does, and all warnings; which files and sockets it opens is a detail.
    private static IServiceCollection AddLog(IServiceCollection services, TextWriter output, NodeSettings settings, Func<bool> isServing) =>
        services.AddLogging(logging =>
        {
            logging.UseConsoleLog(output, settings.Verbose);
            if (!settings.Verbose)
            {
                logging.AddFilter("KadOrleans.Storage", LogLevel.Warning).AddFilter("KadOrleans.Node.UdpTransport", LogLevel.Warning);
            }

            // Of a start that fails the process itself says why.
            logging.AddFilter("Microsoft.Extensions.Hosting", level => level >= LogLevel.Warning && isServing());

            // Last, so that it overrides the filters above.
            logging.AddConfiguration(settings.Configuration.GetSection("Logging"));
        }).AddSingleton(settings.Configuration).AddKadTelemetry(settings.Telemetry, settings.Configuration);
}

internal sealed class NodeOptions
{
    public const string HttpHost = "--http-host";
    public const string HttpProxy = "--http-proxy";
    public const string HttpTokens = "--http-tokens";

    private const string Otlp = "--otlp";

    private static readonly string DefaultListen = $"0.0.0.0:{UdpTransportOptions.DefaultPort}";

    private readonly Option<string[]> _listen = CommonOptions.Repeatable(
        "--listen", "IP:PORT", $"Where to listen; port 0 takes any free one. Repeatable. [default: {DefaultListen}]");

    private readonly Option<string[]> _bootstrap = CommonOptions.Repeatable(
        "--bootstrap", "HOST:PORT", "A node to join the network through. Repeatable. Without one, this is a network's first node.");

    private readonly Option<string?> _data = CommonOptions.Text(
        "--data", "DIR", $"The folder for keys, id and contacts; made if it is missing. [default: {CommonOptions.DefaultData}]");

    private readonly Option<bool> _inMemory = new("--in-memory") { Description = "Keep everything in memory, in place of --data." };

    private readonly PropertyOption _maxKeys = PropertyOption.Of<StoreQuota>(
        "--max-keys",
        "N",
        nameof(StoreQuota.TotalKeys),
        "Keys that are held for others, with 68 bytes of memory each",
        byDefault: "by memory, at most 10000000");

    private readonly PropertyOption _maxBytes = PropertyOption.Of<StoreQuota>(
        "--max-bytes",
        "BYTES",
        nameof(StoreQuota.TotalBytes),
        "Bytes of their values, with 128 for each key, and on disk up to three times that",
        byDefault: "by disk and keys");

    private readonly PropertyOption _maxKept = PropertyOption.Of<StoreQuota>(
        "--max-kept",
        "N",
        nameof(StoreQuota.KeptKeys),
        "Signed items that are kept for their owners and sent again each hour",
        byDefault: "a tenth of --max-keys");

    private readonly PropertyOption _cache = PropertyOption.Of<KadNodeOptions>(
        "--cache",
        "BYTES",
        nameof(KadNodeOptions.CacheBytes),
        "Bytes of values kept in memory, beside which others are read from --data",
        byDefault: $"{new KadNodeOptions().CacheBytes}, or an eighth of the memory");

    private readonly Option<string?> _id = CommonOptions.Text(
        "--id", "HEX", "The node's id: 40 hexadecimal digits. [default: the saved one, or a random one]");

    private readonly Option<string[]> _trust = CommonOptions.Repeatable(
        "--trust", "CIDR", "Addresses that no limits apply to, such as 10.0.0.0/8. Repeatable.");

    private readonly PropertyOption _walkInterval = PropertyOption.Of<RandomWalkOptions>(
        "--walk-interval",
        "SECONDS",
        nameof(RandomWalkOptions.Interval),
        "Seconds between random walks, which keep the routing table full",
        ofZero: "turns them off");

    private readonly PropertyOption _uploadPerEndpoint = PropertyOption.Of<UploadLimits>(
        "--upload-per-endpoint",
        "BYTES",
        nameof(UploadLimits.PerEndpoint),
        "Bytes of responses per second to one endpoint",
        ofZero: "means no bound");

    private readonly PropertyOption _upload = PropertyOption.Of<UploadLimits>(
        "--upload",
        "BYTES",
        nameof(UploadLimits.Total),
        "Bytes per second of responses and republishing to all endpoints together",
        ofZero: "means no bound");

    private readonly PropertyOption _paths = PropertyOption.Of<KademliaOptions>(
        "--paths", "N", nameof(KademliaOptions.DisjointPaths), "Disjoint paths of one lookup, against liars who lead it astray");

    private readonly Option<string?> _http = CommonOptions.Text(
        "--http",
        "IP:PORT",
        "Serve /health/live, /health/ready and /status here: IP:PORT, or PORT on 127.0.0.1; behind https:// for HTTPS, with the certificate in "
            + "Kestrel__Certificates__Default__Path of the environment. With --data or --http-tokens also the console at /console/ and "
            + "the API below /v1; the node's own token is the file http-token in its --data.");

    private readonly Option<string[]> _httpHost = CommonOptions.Repeatable(
        HttpHost, "NAME", "A name that --http is asked under, such as kad.example.org, or https://kad.example.org behind a proxy with HTTPS, beside IP addresses and localhost. Repeatable.");

    private readonly Option<string?> _httpTokens = CommonOptions.Text(
        HttpTokens,
        "FILE",
        "Serve the API for programs on --http, to those whose token is in this file; kad token add writes it. It is read again each 5 s.");

    private readonly PropertyOption _httpConnections = PropertyOption.Of<HttpSettings>(
        "--http-connections", "N", nameof(HttpSettings.Connections), "The most open connections of --http");

    private readonly Option<string[]> _httpProxy = CommonOptions.Repeatable(
        HttpProxy, "RANGE", "A proxy's address, or a range, which may have all connections of --http; another address has a quarter. Repeatable.");

    private readonly Option<string?> _otlp = CommonOptions.Text(
        Otlp, "URL", "Send metrics, traces and logs to this OpenTelemetry collector. [default: $OTEL_EXPORTER_OTLP_ENDPOINT, or none]");

    private readonly Option<bool> _trustClock = new("--trust-clock")
    {
        Description = "Expire values by the system's clock even after it jumps. Otherwise a jump is accepted after ten minutes.",
    };

    private readonly Option<bool> _requireTokens = new("--require-tokens")
    {
        Description = "Let nodes that show no write token change no value, as those of Python. For a network of this program's nodes.",
    };

    private readonly PropertyOption _changesWithoutToken = PropertyOption.Of<KadNodeOptions>(
        "--changes-without-token",
        "N",
        nameof(KadNodeOptions.ChangesWithoutToken),
        "Values of known authors that nodes without a write token may change in an hour, all together");

    private readonly Option<bool> _verbose = new("--verbose") { Description = "Log details too." };

    public IReadOnlyList<Option> All =>
    [
        _listen, _bootstrap, _data, _inMemory, _maxKeys, _maxBytes, _maxKept, _cache, _id, _trust, _uploadPerEndpoint, _upload, _walkInterval, _paths, _http,
        _httpHost,
        _httpTokens, _httpConnections, _httpProxy, _otlp, _trustClock, _requireTokens, _changesWithoutToken, _verbose,
    ];

    public NodeSettings Read(ParseResult parsed)
    {
        var data = parsed.GetValue(_data);
        var inMemory = parsed.GetValue(_inMemory);
        if (data is not null && inMemory)
        {
            throw CommandException.WrongUsage($"Both --data '{data}' and --in-memory are given; one of them is allowed.");
        }

        if (data is not null && string.IsNullOrWhiteSpace(data))
        {
            throw CommandException.WrongUsage($"--data is '{data}'; the path of a folder is needed.");
        }

        var http = parsed.GetValue(_http);
        var httpHosts = parsed.GetValue(_httpHost) ?? [];
        (string Name, string? Value)[] ofHttp =
            [(HttpHost, httpHosts.FirstOrDefault()), (HttpProxy, parsed.GetValue(_httpProxy)?.FirstOrDefault()), (HttpTokens, parsed.GetValue(_httpTokens))];
        if (http is null && Array.Find(ofHttp, option => option.Value is not null) is { Value: not null } unserved)
        {
            throw CommandException.WrongUsage($"{unserved.Name} '{unserved.Value}' is given without --http; both are needed.");
        }

        if (inMemory && parsed.GetValue(_cache) is { } unused)
        {
            throw CommandException.WrongUsage($"Both --cache '{unused}' and --in-memory are given; one of them is allowed.");
        }

        var folder = inMemory ? null : data ?? CommonOptions.DefaultData;
        var configuration = EnvironmentWith(Otlp, parsed.GetValue(_otlp));
        var limits = NodeLimits.Read(folder);
        var (quota, cache) = limits.Plan((int?)_maxKeys.ReadGiven(parsed), _maxBytes.ReadGiven(parsed), _cache.ReadGiven(parsed));
        quota.KeptKeys = (int?)_maxKept.ReadGiven(parsed) ?? quota.KeptKeys;
        return new NodeSettings(
            ReadNode(parsed, quota, cache, limits.MostKeys(cache)),
            Array.ConvertAll(parsed.GetValue(_listen) is { Length: > 0 } given ? given : [DefaultListen], Endpoints.ParseListen),
            folder,
            http is null ? null : ReadHttp(http, httpHosts, parsed),
            parsed.GetValue(_httpTokens),
            TelemetryOptions.Read(configuration, "kad-node", Otlp),
            configuration,
            parsed.GetValue(_verbose));
    }

    private KadNodeOptions ReadNode(ParseResult parsed, StoreQuota quota, long cache, int mostKeys)
    {
        var options = new KadNodeOptions
        {
            Id = parsed.GetValue(_id) is { } id ? Keys.ParseId("--id", id).ToString() : null,
            Quota = quota,
            CacheBytes = cache,
            MostKeys = mostKeys,
            Upload = new UploadLimits
            {
                PerEndpoint = _uploadPerEndpoint.Read(parsed),
                Total = _upload.Read(parsed),
            },
            RandomWalk = _walkInterval.Read(parsed) switch
            {
                0 => new RandomWalkOptions { AutoRefresh = false },
                var seconds => new RandomWalkOptions { Interval = TimeSpan.FromSeconds(seconds) },
            },
            TrustClock = parsed.GetValue(_trustClock),
            RequireTokens = parsed.GetValue(_requireTokens),
            ChangesWithoutToken = (int)_changesWithoutToken.Read(parsed),
        };
        options.Kademlia.DisjointPaths = (int)_paths.Read(parsed);
        Array.ForEach(parsed.GetValue(_bootstrap) ?? [], options.Bootstrap.Add);
        Array.ForEach(parsed.GetValue(_trust) ?? [], range => options.Trust.Add(Endpoints.ParseRange("--trust", range)));
        return options;
    }

    // The web server's own settings of a certificate are in the environment, as kad-server's may be.
    private HttpPlace ReadHttp(string http, string[] hosts, ParseResult parsed)
    {
        var (endpoint, isEncrypted) = Endpoints.ParseHttp(http);
        return new HttpPlace(
            endpoint,
            Endpoints.ParseHttpHosts(HttpHost, hosts),
            "--http",
            HttpHost,
            (int)_httpConnections.Read(parsed),
            isEncrypted ? HttpCertificateOptions.Read(new ConfigurationBuilder().AddEnvironmentVariables().Build(), $"--http is '{http}'") : null)
        {
            Proxies = [.. (parsed.GetValue(_httpProxy) ?? []).Select(range => Endpoints.ParseRange(HttpProxy, range))],
        };
    }

    // OpenTelemetry's own variables are in the environment.
    private static IConfiguration EnvironmentWith(string option, string? value) =>
        new ConfigurationBuilder().AddEnvironmentVariables().AddInMemoryCollection([KeyValuePair.Create(option, value)]).Build();
}
