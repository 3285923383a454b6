using System.Reflection;
using KadOrleans.Grains;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Storage;

namespace KadOrleans.Server;

/// <summary>The process from its first line to its exit code.</summary>
internal static class SiloProgram
{
    /// <summary>
    /// Starts the silo, prints its addresses, and runs until SIGTERM or Ctrl-C. A failed start is reported in one sentence.
    /// The output is written from several threads: the edge announces itself from another one.
    /// </summary>
    public static async Task<int> RunAsync(string[] settings, KadProviders providers, TextWriter output, TextWriter error)
    {
        using var claim = new PortClaim();
        IHost? host = null;
        try
        {
            host = SiloHost.Build(settings, providers, output, error);
            PortCheck.Run(host.Services, claim);
            GatewayExposure.Warn(host.Services);
            Open(host.Services);
            await SchemaCheck.RunAsync(host.Services);
            await RunAsync(host, output);
            return await StoppedAsync(host, error);
        }
        catch (StopException exception)
        {
            // The host itself may hang.
            host!.Services.GetRequiredService<LineLoggerProvider>().Close();
            await error.WriteLineAsync(VisibleText.Show($"kad-silo: {exception.Message}"));
            host = null;
            return exception.Code;
        }
        catch (OperationCanceledException) when (IsStopping(host))
        {
            // The silo failed while it started.
            return await StoppedAsync(host!, error);
        }
        catch (Exception exception)
        {
            // The log of a half-started silo's shutdown would bury the reason.
            host?.Services.GetRequiredService<LineLoggerProvider>().Close();
            var (code, sentence) = StartFailure.Explain("silo", exception, host);
            return await EndAsync(host, error, code, sentence);
        }
        finally
        {
            await DisposeAsync(host);
        }
    }

    // The token's file is there while the folder is locked: the next process writes its own.
    private static async Task RunAsync(IHost host, TextWriter output)
    {
        var fatal = host.Services.GetRequiredService<FatalError>();
        var token = host.Services.GetService<OwnToken>();
        token?.Write("Kad:Data");
        try
        {
            await fatal.UnlessAsync(host.StartAsync());
            foreach (var line in Announcer.Lines(host.Services))
            {
                await output.WriteLineAsync(line);
            }

            await fatal.UnlessAsync(OrderlyStop.RunAsync(host));
        }
        finally
        {
            token?.Remove();
        }
    }

    // Opens storage that is a file before the silo starts, so that a fault is reported early.
    private static void Open(IServiceProvider services) => services.GetKeyedService<IGrainStorage>(GrainStorageName.Kad);

    private static bool IsStopping(IHost? host) =>
        host?.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested ?? false;

    // A failed background service stops the host too.
    private static async Task<int> StoppedAsync(IHost host, TextWriter error) =>
        host.FindCrash() is { } crash
            ? await EndAsync(host, error, ExitCode.Failed, StartFailure.Failed("silo", crash))
            : ExitCode.Done;

    // Disposes the host first, as it may log: the reason must be the last line.
    private static async Task<int> EndAsync(IHost? host, TextWriter error, int code, string sentence)
    {
        await DisposeAsync(host);
        await error.WriteLineAsync($"kad-silo: {sentence}");
        return code;
    }

    private static async Task DisposeAsync(IHost? host)
    {
        if (host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
    }
}

/// <summary>Tells where a started silo serves. An edge announces itself when it has its lease.</summary>
internal static class Announcer
{
    /// <summary>The lines to print.</summary>
    public static IEnumerable<string> Lines(IServiceProvider services)
    {
        var address = services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        var version = typeof(Announcer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        yield return $"silo {address} of cluster {services.GetRequiredService<IOptions<ClusterOptions>>().Value.ClusterId}, kad-silo {version?.Split('+')[0]}";
        var http = services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        if (services.GetRequiredService<KadOptions>().ServesDashboard)
        {
            yield return $"dashboard {http}/dashboard";
            yield return $"status {http}/status";
        }

        if (services.GetService<OwnToken>() is { } token)
        {
            yield return $"console {http}/console/";
            yield return $"token {Path.GetFullPath(token.Path)}";
        }

        yield return $"health {http}/health/ready";
    }
}
