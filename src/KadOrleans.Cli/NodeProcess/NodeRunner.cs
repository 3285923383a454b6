using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace KadOrleans.Cli;

// What kad node is told. It listens on at least one endpoint. Without a data folder it keeps all in memory. The configuration has the
// variables of the environment, for log and telemetry.
internal sealed record NodeSettings(
    KadNodeOptions Node,
    UdpEndpoint[] Listen,
    string? Data,
    HttpPlace? Http,
    string? HttpTokens,
    TelemetryOptions? Telemetry,
    IConfiguration Configuration,
    bool Verbose);

// The services are the log and the telemetry of the process.
internal sealed class NodeRunner(CommandIo io, NodeSettings settings, IServiceProvider services)
{
    private readonly ILoggerFactory _loggers = services.GetRequiredService<ILoggerFactory>();
    private readonly ILogger _logger = services.GetRequiredService<ILogger<NodeRunner>>();
    private readonly OwnToken? _ownToken = settings is { Http: not null, Data: { } folder } ? new OwnToken(folder) : null;

    /// <summary>Whether what it serves over HTTP has started, if it serves anything.</summary>
    public bool IsServing { get; private set; }

    // Starts the node, says on which endpoints it listens, joins the network, and stops in order when cancelled: its state is
    // saved when this returns.
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (var text in settings.Node.Bootstrap)
        {
            // A name may resolve later: the engine tries it again and again.
            Endpoints.ParseHost("--bootstrap", text);
        }

        TelemetryExport.Start(services);
        await using var node = await BuildAsync();
        var saved = await node.LoadStateAsync(cancellationToken);
        var isAlone = settings.Node.Bootstrap.Count == 0 && saved is not { Contacts.Count: > 0 };
        await node.StartAsync(cancellationToken);
        try
        {
            await using var http = await StartHttpAsync(node, cancellationToken);
            IsServing = true;
            using var ready = new ReadyGauge(() => NodeStatusServer.HealthOf(node).IsReady);
            foreach (var endpoint in node.LocalEndpoints)
            {
                services.GetRequiredService<ConsoleLog>().Announce($"listening udp {endpoint} id {node.Id}", io.Announcements);
            }

            await JoinAsync(node, isAlone, cancellationToken);
            await await Task.WhenAny(cancellationToken.UntilCancelledAsync(), node.Completion);
        }
        finally
        {
            // While the folder is this process's own.
            _ownToken?.Remove();
        }
    }

    private async Task<KadNode> BuildAsync()
    {
        var builder = KadNode.CreateBuilder().UseUdp(new UdpTransportOptions { Listen = settings.Listen });
        builder.Services.AddSingleton(_loggers).AddSingleton(Options.Create(settings.Node));
        try
        {
            return await (settings.Data is { } folder ? builder.UseSqlite(folder) : builder).BuildAsync();
        }
        catch (TransportException e)
        {
            // What is wrong with the options has their name for it.
            const string Name = $"{nameof(UdpTransportOptions.Listen)} ";
            var sentence = e.Message.StartsWith(Name, StringComparison.Ordinal) ? e.Message[Name.Length..] : null;
            throw CommandException.WrongUsage(sentence is null ? $"--listen: {e.Message}" : $"--listen {sentence}", e);
        }
    }

    private async Task<NodeStatusServer?> StartHttpAsync(KadNode node, CancellationToken cancellationToken)
    {
        if (settings.Http is not { } place)
        {
            return null;
        }

        _ownToken?.Write("--data", _logger);
        var server = await NodeStatusServer.StartAsync(
            place, node, settings.Data is { } folder ? $"SQLite in {folder}" : "memory", FindApi(), _loggers, cancellationToken);
        var url = $"{(place.Certificate is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps)}://{server.Address}";
        _ownToken?.WriteUrl(url);
        _logger.StatusServed(url);
        if (_ownToken is not null || settings.HttpTokens is not null)
        {
            _logger.ConsoleServed(
                url,
                _ownToken is null ? $"{settings.HttpTokens} has the hashes of the tokens" : $"a token is in {Path.GetFullPath(_ownToken.Path)}");
        }

        return server;
    }

    // With the tokens of a file, and the node's own. Null if there is neither.
    private Action<IServiceCollection>? FindApi()
    {
        IReadOnlyList<ApiToken> own = _ownToken is null ? [] : [_ownToken.Token];
        if (settings.HttpTokens is { } path)
        {
            var file = new TokenFile(NodeOptions.HttpTokens, path, own);
            return api => api.AddDhtApi(file);
        }

        return own.Count > 0 ? api => api.AddDhtApi(new ApiTokens(own)) : null;
    }

    // A node that cannot join goes on answering, and the engine retries. So does one whose state cannot be saved.
    private async Task JoinAsync(KadNode node, bool isFirst, CancellationToken cancellationToken)
    {
        try
        {
            await (isFirst ? Task.CompletedTask : node.JoinAsync(cancellationToken));
        }
        catch (KeyStoreException e)
        {
            _logger.NotSaved(e.Message);
        }
    }
}

/// <summary>The command's own log messages: docs/telemetry.md, Events.</summary>
internal static partial class NodeRunnerLog
{
    [LoggerMessage(8000, LogLevel.Information, "Health and status are served on {Url}")]
    public static partial void StatusServed(this ILogger logger, string url);

    [LoggerMessage(8002, LogLevel.Information, "The console is on {Url}/console/ and the API below /v1; {Token}")]
    public static partial void ConsoleServed(this ILogger logger, string url, string token);

    [LoggerMessage(8001, LogLevel.Warning, "The contacts could not be saved after joining; the node tries again by itself: {Problem}")]
    public static partial void NotSaved(this ILogger logger, string problem);
}
