using KadOrleans.EdgeWorker.Edges;
using KadOrleans.EdgeWorker.Hosting;
using KadOrleans.Core;
using KadOrleans.Edge.Configuration;
using KadOrleans.Edge.Http;
using KadOrleans.Hosting.Telemetry;
using KadOrleans.Tls.Hosting;
using KadOrleans.Transport.Udp;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace KadOrleans.Edge.Hosting;

/// <summary>The edge's process, from its arguments to its exit code.</summary>
internal static class EdgeProgram
{
    /// <summary>Less than the 30 s that orchestrators give a process to stop.</summary>
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(25);

    /// <summary>How often silos are looked up anew: less than it takes to declare one dead.</summary>
    private static readonly TimeSpan GatewayRefresh = TimeSpan.FromSeconds(10);

    /// <summary>Runs until told to stop, by a signal or by the loss of the lease.</summary>
    /// <param name="args">Settings, as <c>--Kad:Edge:Name=a</c>.</param>
    /// <param name="output">Gets one line for each id that listens.</param>
    /// <param name="error">Gets one sentence for each mistake.</param>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        // Until it has started, the host's own words on a failure only repeat the sentence with a stack trace.
        var hasStarted = false;
        try
        {
            int code;
            Exception? crash;
            using (var host = Build(args, output, () => hasStarted))
            {
                code = await RunAsync(host, () => hasStarted = true);
                crash = ServiceCrash.Find(host.Services);
            }

            // Disposed, the host has written its log: the reason is to be the last line.
            return crash is null ? code : await FailAsync(error, crash);
        }
        catch (OptionsValidationException e)
        {
            await error.WriteLineAsync(string.Join(Environment.NewLine, e.Failures.Select(VisibleText.Show)));
        }
        catch (TransportException e)
        {
            await error.WriteLineAsync(VisibleText.Show($"Kad:Edge:Listen: {e.Message}"));
        }
        catch (Exception e) when (e is ConfigurationException or OrleansConfigurationException or FormatException)
        {
            await error.WriteLineAsync(VisibleText.ShowLines(e.Message));
        }
        catch (Exception e)
        {
            return await FailAsync(error, e);
        }

        return ExitCode.WrongConfiguration;
    }

    private static async Task<int> FailAsync(TextWriter error, Exception failure)
    {
        var reason = failure.GetBaseException().Message.ReplaceLineEndings(" ").TrimEnd('.', ' ');
        await error.WriteLineAsync(VisibleText.Show($"The edge failed: {reason}."));
        return ExitCode.Failed;
    }

    private static IHost Build(string[] args, TextWriter output, Func<bool> hasStarted)
    {
        var builder = ClusterHostBuilder.Create(args);
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("KadOrleans", LogLevel.Information)
            // Each attempt to reach a silo that is away would be a warning with a stack trace; the edge says it once.
            .AddFilter("Orleans", LogLevel.Error)
            .AddFilter("Orleans.AzureUtils", LogLevel.None)
            .AddFilter("Orleans.Clustering.AzureStorage", LogLevel.None);
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting", level => level >= LogLevel.Warning && hasStarted());
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true).AddConsoleFormatter<VisibleFormatter, ConsoleFormatterOptions>();
        builder.Services.Configure<ConsoleLoggerOptions>(console =>
        {
            console.FormatterName = VisibleFormatter.FormatterName;
            console.LogToStandardErrorThreshold = LogLevel.Trace;
        });
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout);
        builder.Services.AddSingleton(TimeProvider.System);
        var telemetry = TelemetryOptions.Read(builder.Configuration, "kad-edge");
        builder.Services.AddKadTelemetry(telemetry, builder.Configuration);
        builder.UseOrleansClient(client =>
        {
            client.UseConnectionRetryFilter<PatientConnection>();
            client.UseKadTls(builder.Configuration);
            client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = GatewayRefresh);
            if (telemetry is not null)
            {
                client.AddActivityPropagation();
            }
        });
        builder.Services.AddKadEdge(
            builder.Configuration.GetSection("Kad:Edge"), endpoint => UdpTransport.Bind(endpoint), output.WriteLine);
        return builder.Build();
    }

    private static async Task<int> RunAsync(IHost host, Action onStarted)
    {
        var health = host.Services.GetRequiredService<EdgeHealth>();
        var loggers = host.Services.GetRequiredService<ILoggerFactory>();
        var lifetime = host.Services.GetRequiredService<IHostApplicationLifetime>();
        var configuration = host.Services.GetRequiredService<IConfiguration>();
        var (address, hosts) = (HttpAddress.Read(configuration), HttpAddress.ReadHosts(configuration));
        await using var http = await StatusServer.StartAsync(address, hosts, health, loggers, CancellationToken.None);
        using var ready = new ReadyGauge(() => health.IsReady);
        loggers.CreateLogger(typeof(EdgeProgram)).StatusServed(http.Address);
        _ = EndWithLeaseAsync(health, lifetime);
        var hasStarted = false;
        try
        {
            await host.StartAsync();
            hasStarted = true;
            onStarted();
            await host.WaitForShutdownAsync();
        }
        catch (Exception e) when (
            lifetime.ApplicationStopping.IsCancellationRequested && (e is OperationCanceledException || !hasStarted))
        {
            // Told to stop before any silo was found; the start then ends as its last attempt did.
            return ExitCode.Stopped;
        }

        return health.State switch
        {
            EdgeState.LeaseLost => ExitCode.LeaseLost,
            EdgeState.Stopped => ExitCode.Stopped,
            _ => ExitCode.Failed,
        };
    }

    private static async Task EndWithLeaseAsync(EdgeHealth health, IHostApplicationLifetime lifetime)
    {
        await health.LeaseLost;
        lifetime.StopApplication();
    }
}
