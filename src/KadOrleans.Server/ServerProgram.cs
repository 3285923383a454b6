using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Orleans.Configuration;
using Orleans.Storage;

namespace KadOrleans.Server;

/// <summary>The process of a silo, an edge or both, from its first line to its exit code.</summary>
internal static class ServerProgram
{
    /// <summary>The extra time of a silo's stop, as Orleans retries some writes beyond the timeout.</summary>
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(3);

    // A silo with an edge has 339 open without a client: mostly assemblies.
    private const int LeastFiles = 400;

    // Runs until SIGTERM, Ctrl-C or a closed terminal, or until an edge loses its lease. The outputs are written from several threads.
    public static async Task<int> RunAsync(string[] settings, KadProviders providers, TextWriter output, TextWriter error)
    {
        if (OpenFiles.FindShortage(LeastFiles) is { } shortage)
        {
            await error.WriteLineAsync(shortage);
            return ExitCode.WrongUsage;
        }

        var (isEdge, hasStarted) = (false, false);
        IHost? host = null;
        ConsoleLog? log = null;

        // The host itself takes the other signals.
        using var closed = new TerminationSignals(PosixSignal.SIGHUP);
        await using var stopping = closed.Token.Register(() => Stop(host));
        try
        {
            isEdge = IsEdge(settings);
            for (var tries = 1; ; tries++)
            {
                host = isEdge
                    ? EdgeHost.Build(settings, providers, output, error, () => hasStarted)
                    : SiloHost.Build(settings, providers, output, error, () => hasStarted);
                log = host.Services.GetRequiredService<ConsoleLog>();
                if (closed.Token.IsCancellationRequested)
                {
                    Stop(host);
                }

                try
                {
                    var code = isEdge
                        ? await RunEdgeAsync(host, () => hasStarted = true)
                        : await RunSiloAsync(host, providers, output, () => hasStarted = true);
                    return await StoppedAsync(code);
                }
                catch (Exception exception) when (!isEdge && !hasStarted && tries < ChosenPorts.MostTries && !IsStopping(host)
                    && ChosenPorts.WereTaken(exception, host.Services.GetRequiredService<KadOptions>().Silo))
                {
                    SiloLog.PortTaken(host.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(ChosenPorts)));

                    // What a half-started host logs of its shutdown says nothing.
                    log.Close();
                    await DisposeAsync(host);
                    host = null;
                }
            }
        }
        catch (StopException exception) when (exception.InnerException is OrleansLifecycleCanceledException && IsStopping(host))
        {
            // It was told to stop while it started, which Orleans takes for a fatal error. The host itself may hang.
            log!.Close();
            host = null;
            return ExitCode.Done;
        }
        catch (StopException exception)
        {
            // The host itself may hang.
            log!.Close();
            await TelemetryExport.EndAsync(host!.Services, exception.Message);
            log.End(VisibleText.Show($"{Prefix()}{exception.Message}"));
            host = null;
            return exception.Code;
        }
        catch (Exception exception) when (IsStopping(host)
            && (exception is OperationCanceledException or OrleansLifecycleCanceledException || (isEdge && !hasStarted)))
        {
            // It failed or was stopped while it started. An edge that found no silo ends with the error of its last attempt.
            return await StoppedAsync(ExitCode.Done);
        }
        catch (Exception exception)
        {
            // The log of a half-started host's shutdown would follow the reason, which must be the last line.
            log?.Close();
            var (code, sentence) = StartFailure.Explain(Process(), exception, providers, host);
            return await EndAsync(code, sentence);
        }
        finally
        {
            await DisposeAsync(host);
        }

        static void Stop(IHost? host)
        {
            try
            {
                host?.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
            }
            catch (ObjectDisposedException)
            {
                // It has stopped.
            }
        }

        string Process() => isEdge ? "edge" : "silo";

        string Prefix() => isEdge ? string.Empty : "kad-server: ";

        // A failed background service stops the host too.
        async Task<int> StoppedAsync(int code) =>
            host!.FindCrash() is { } crash ? await EndAsync(ExitCode.Failed, StartFailure.Failed(Process(), crash)) : code;

        // Disposes the host first, as it may log: the reason must be the last line.
        async Task<int> EndAsync(int code, string sentence)
        {
            await DisposeAsync(host);
            if (log is null)
            {
                // A setting is wrong, as that of the log may be.
                await error.WriteLineAsync($"{Prefix()}{sentence}");
            }
            else
            {
                log.End($"{Prefix()}{sentence}");
            }

            return code;
        }
    }

    // Where a started silo serves. An edge announces itself when it has its lease.
    public static IEnumerable<string> AddressLines(IServiceProvider services)
    {
        var address = services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        var version = typeof(ServerProgram).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        yield return $"silo {address} of cluster {services.GetRequiredService<IOptions<ClusterOptions>>().Value.ClusterId}, kad-server {version?.Split('+')[0]}";
        var http = HttpAddress(services.GetRequiredService<IServer>());
        var settings = services.GetRequiredService<KadOptions>();
        if (settings.ServesDashboard)
        {
            yield return $"dashboard {http}/dashboard";
            yield return $"status {http}/status";
        }

        if (settings.ServesApi)
        {
            yield return $"console {http}/console/";
            yield return $"api {http}{DhtApi.Root}";
        }
        else
        {
            yield return "no console and no api: Kad:Http:Tokens names no file of tokens";
        }

        var token = services.GetService<OwnToken>()?.Path;
        if ((token ?? settings.Http.Tokens) is { } tokens)
        {
            yield return $"{(token is null ? "tokens" : "token")} {Path.GetFullPath(tokens)}";
        }

        yield return $"health {http}/health/ready";
    }

    public static string HttpAddress(IServer server) => server.Features.Get<IServerAddressesFeature>()!.Addresses.First();

    private static bool IsEdge(string[] settings)
    {
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection(KadSettings.Unwatched);
        return KadSettings.IsEdge(Host.CreateApplicationBuilder(
            new HostApplicationBuilderSettings { Args = settings, Configuration = configuration }).Configuration);
    }

    // The token's file is written and removed while this process has the data folder locked. So it never is another process's.
    private static async Task<int> RunSiloAsync(IHost host, KadProviders providers, TextWriter output, Action onStarted)
    {
        host.Services.GetRequiredService<PortCheck>().ValidateConfiguration();
        KeyCheck.Run(host.Services);

        // Opens the file of local storage before the silo starts, so that a fault is reported early.
        host.Services.GetKeyedService<IGrainStorage>(GrainStorageName.Kad);
        foreach (var storage in providers.Storages)
        {
            await storage.CheckAsync(host.Services);
        }

        await MendMembersAsync(host.Services);
        var fatal = host.Services.GetRequiredService<FatalError>();
        var token = host.Services.GetService<OwnToken>();
        token?.Write("Kad:Data", host.Services.GetRequiredService<ILogger<OwnToken>>());
        try
        {
            await StartSiloAsync(host, fatal);
            onStarted();
            token?.WriteUrl(HttpAddress(host.Services.GetRequiredService<IServer>()));
            var log = host.Services.GetRequiredService<ConsoleLog>();
            foreach (var line in AddressLines(host.Services))
            {
                log.Announce(line, output);
            }

            await fatal.UnlessAsync(StopSiloAsync(host));
            return ExitCode.Done;
        }
        finally
        {
            token?.Remove();
        }
    }

    // A silo that is refused says in the table that it has ended: the others would wait for it, and declare it dead.
    private static async Task StartSiloAsync(IHost host, FatalError fatal)
    {
        try
        {
            await fatal.UnlessAsync(host.StartAsync());
        }
        catch (Exception)
        {
            if (HasTable(host.Services))
            {
                await MemberRows.LeaveAsync(
                    host.Services.GetRequiredService<IMembershipTable>(), host.Services.GetRequiredService<SiloIdentity>().SiloAddress, TimeProvider.System);
            }

            throw;
        }
    }

    // The table of a cluster of one silo without shared storage is in memory.
    private static bool HasTable(IServiceProvider services) =>
        !ClusterProviders.Is(services.GetRequiredService<IConfiguration>(), OrleansSettings.Clustering, "Development");

    private static async Task MendMembersAsync(IServiceProvider services)
    {
        if (HasTable(services))
        {
            await MemberRows.MendAsync(
                services.GetRequiredService<IMembershipTable>(),
                services.GetRequiredService<SiloIdentity>(),
                TimeProvider.System,
                services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(MemberRows)));
        }
    }

    /// <summary>Waits for SIGTERM or Ctrl-C and stops the host.</summary>
    /// <exception cref="StopException">The host did not stop in time. The process must end without disposing it.</exception>
    private static async Task StopSiloAsync(IHost host)
    {
        await host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.UntilCancelledAsync();
        try
        {
            await host.StopAsync().WaitAsync(KadOptions.SiloShutdownTimeout + StopGrace);
        }
        catch (Exception e)
        {
            throw new StopException(
                "The silo could not leave the cluster in order, most likely because storage or the other silos do not answer. "
                + "What was acknowledged is in storage; other silos start its grains when they have declared it dead.",
                e);
        }
    }

    private static async Task<int> RunEdgeAsync(IHost host, Action onStarted)
    {
        await host.StartAsync();
        onStarted();
        await host.WaitForShutdownAsync();
        return host.Services.GetRequiredService<EdgeHealth>().State switch
        {
            EdgePhase.LeaseLost => ExitCode.Replaced,
            EdgePhase.Stopped => ExitCode.Done,
            EdgePhase.Waiting or EdgePhase.Serving or EdgePhase.CutOff => ExitCode.Failed,
        };
    }

    private static bool IsStopping(IHost? host) =>
        host?.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested ?? false;

    private static async Task DisposeAsync(IHost? host)
    {
        if (host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
    }
}
