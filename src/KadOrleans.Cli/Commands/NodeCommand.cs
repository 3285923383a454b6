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
    private const long MostBytes = 1L << 50;

    private static readonly string DefaultListen = $"0.0.0.0:{UdpTransportOptions.DefaultPort}";

    private readonly Option<string[]> _listen = CommonOptions.Repeatable(
        "--listen", "IP:PORT", $"Where to listen; port 0 takes any free one. Repeatable. [default: {DefaultListen}]");

    private readonly Option<string[]> _bootstrap = CommonOptions.Repeatable(
        "--bootstrap", "HOST:PORT", "A node to join the network through. Repeatable. Without one, this is a network's first node.");

    private readonly Option<string?> _data = CommonOptions.Text(
        "--data", "DIR", $"The folder for keys, id and contacts; made if it is missing. [default: {CommonOptions.DefaultData}]");

    private readonly Option<bool> _inMemory = new("--in-memory") { Description = "Keep everything in memory, in place of --data." };

    private readonly Option<string?> _maxKeys = CommonOptions.Text(
        "--max-keys", "N", "Keys that are held for others, 1 to 1000000000: 68 bytes of memory each. [default: by memory, at most 10000000]");

    private readonly Option<string?> _maxBytes = CommonOptions.Text(
        "--max-bytes", "BYTES", "Bytes of their values, with 128 for each key, 1 or more. On disk it may be three times that. [default: by disk and keys]");

    private readonly Option<string?> _maxKept = CommonOptions.Text(
        "--max-kept", "N", "Signed items that are kept for their owners and sent again each hour, 0 to 1000000000. [default: a tenth of --max-keys]");

    private readonly Option<string?> _cache = CommonOptions.Text(
        "--cache", "BYTES", "Bytes of values kept in memory; others are read from --data. [default: 67108864, or an eighth of the memory]");

    private readonly Option<string?> _id = CommonOptions.Text(
        "--id", "HEX", "The node's id: 40 hexadecimal digits. [default: the saved one, or a random one]");

    private readonly Option<string[]> _trust = CommonOptions.Repeatable(
        "--trust", "CIDR", "Addresses that no limits apply to, such as 10.0.0.0/8. Repeatable.");

    private readonly Option<string?> _walkInterval = CommonOptions.Text(
        "--walk-interval", "SECONDS", "Seconds between random walks, which keep the routing table full, 1 to 86400; 0 turns them off. [default: 300]");

    private readonly Option<string?> _uploadPerEndpoint = CommonOptions.Text(
        "--upload-per-endpoint", "BYTES", "Bytes of responses per second to one endpoint, 16384 or more; 0 means no bound. [default: 1000000]");

    private readonly Option<string?> _upload = CommonOptions.Text(
        "--upload", "BYTES", "Bytes per second of responses and republishing to all endpoints together, 16384 or more; 0 means no bound. [default: 0]");

    private readonly NumberOption _paths = new(
        "--paths", "Disjoint paths of one lookup, against liars who lead it astray", 1, 16, new KademliaOptions().DisjointPaths);

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

    private readonly NumberOption _httpConnections = new(
        "--http-connections", "The most open connections of --http", HttpLimits.LeastConnections, HttpLimits.MostConnections, HttpLimits.MaxConnections);

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

    private readonly Option<string?> _changesWithoutToken = CommonOptions.Text(
        "--changes-without-token",
        "N",
        "Values of known authors that nodes without a write token may change in an hour, all together, 0 to 1000000. [default: 60]");

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
        var (quota, cache) = limits.Plan(
            (int?)Whole(parsed, _maxKeys, 1, 1_000_000_000), Whole(parsed, _maxBytes, 1, MostBytes), Whole(parsed, _cache, 0, MostBytes));
        quota.KeptKeys = (int?)Whole(parsed, _maxKept, 0, 1_000_000_000) ?? quota.KeptKeys;
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
        var upload = new UploadLimits();
        var options = new KadNodeOptions
        {
            Id = parsed.GetValue(_id) is { } id ? Keys.ParseId("--id", id).ToString() : null,
            Quota = quota,
            CacheBytes = cache,
            MostKeys = mostKeys,
            Upload = new UploadLimits
            {
                PerEndpoint = ParseUpload(_uploadPerEndpoint, parsed, upload.PerEndpoint),
                Total = ParseUpload(_upload, parsed, upload.Total),
            },
            RandomWalk = Whole(parsed, _walkInterval, 0, 86_400) switch
            {
                null => new RandomWalkOptions(),
                0 => new RandomWalkOptions { AutoRefresh = false },
                { } seconds => new RandomWalkOptions { Interval = TimeSpan.FromSeconds(seconds) },
            },
            TrustClock = parsed.GetValue(_trustClock),
            RequireTokens = parsed.GetValue(_requireTokens),
        };
        if (Whole(parsed, _changesWithoutToken, 0, 1_000_000) is { } changes)
        {
            options.ChangesWithoutToken = (int)changes;
        }

        options.Kademlia.DisjointPaths = _paths.Read(parsed);
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
            _httpConnections.Read(parsed),
            isEncrypted ? HttpCertificateOptions.Read(new ConfigurationBuilder().AddEnvironmentVariables().Build(), $"--http is '{http}'") : null)
        {
            Proxies = [.. (parsed.GetValue(_httpProxy) ?? []).Select(range => Endpoints.ParseRange(HttpProxy, range))],
        };
    }

    // OpenTelemetry's own variables are in the environment.
    private static IConfiguration EnvironmentWith(string option, string? value) =>
        new ConfigurationBuilder().AddEnvironmentVariables().AddInMemoryCollection([KeyValuePair.Create(option, value)]).Build();

    private static long? Whole(ParseResult parsed, Option<string?> option, long least, long most) =>
        parsed.GetValue(option) is { } text
            ? Numbers.Parse(option.Name, text, NumberStyles.None, least, most, "a whole number")
            : null;

    private static long ParseUpload(Option<string?> option, ParseResult parsed, long missing) => parsed.GetValue(option) is not { } text
        ? missing
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) && UploadLimits.IsValid(bytes)
            ? bytes
            : throw CommandException.WrongUsage($"{option.Name} is '{text}'; {UploadLimits.Allowed}.");
}
