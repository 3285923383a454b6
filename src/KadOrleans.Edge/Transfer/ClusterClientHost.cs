using KadOrleans.Edge.Hosting;
using KadOrleans.Hosting;
using KadOrleans.Hosting.Cluster;
using KadOrleans.Hosting.Cluster.Connections;
using KadOrleans.Hosting.Settings;

namespace KadOrleans.Edge.Transfer;

/// <summary>An Orleans client of the cluster that the settings name, and nothing else.</summary>
internal sealed class ClusterClientHost : IAsyncDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    private readonly IHost _host;
    private readonly LastProblem _problem;
    private bool _isConnected;

    private ClusterClientHost(IHost host, LastProblem problem) => (_host, _problem) = (host, problem);

    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    /// <summary>Creates a client that is not yet connected.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">Settings are missing, unknown or unreadable.</exception>
    public static ClusterClientHost Create(string[] args, KadProviders providers)
    {
        var (builder, settings) = ClusterHostBuilder.Create(args, providers);
        var problem = new LastProblem();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = StopTimeout);
        builder.UseOrleansClient(client => client.UseConnectionRetryFilter(problem.ShouldRetryAsync).UseConnections(settings.Tls, providers.RequireTls(settings.Tls)));
        return new ClusterClientHost(builder.Build(), problem);
    }

    /// <summary>Connects to a silo.</summary>
    /// <exception cref="TransferException">None was reached before the timeout.</exception>
    public async Task ConnectAsync(TransferIo io, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(io.Timeout, io.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await _host.StartAsync(either.Token).WaitAsync(either.Token);
            _isConnected = true;
        }
        catch (Exception e) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            var setting = ClusterProviders.SettingOf(_host.Services.GetRequiredService<KadOptions>());
            var reason = _host.Services.GetRequiredService<ConnectionProblems>().Last ?? _problem.Value?.Message ?? "none answered";
            throw new TransferException($"{setting}: no silo was reached within {io.Timeout.TotalSeconds} s: {Phrases.Of(reason)}.", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_isConnected)
        {
            await _host.StopAsync();
        }

        await ((IAsyncDisposable)_host).DisposeAsync();
    }

    /// <summary>Retries until cancelled, and keeps the last error.</summary>
    private sealed class LastProblem
    {
        private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

        private volatile Exception? _value;

        public Exception? Value => _value;

        public async Task<bool> ShouldRetryAsync(Exception exception, CancellationToken cancellationToken)
        {
            _value = exception;
            await Task.Delay(Pause, cancellationToken);
            return true;
        }
    }
}
