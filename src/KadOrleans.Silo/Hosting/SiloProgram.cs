using KadOrleans.EdgeWorker.Hosting;
using KadOrleans.Core;
using KadOrleans.Grains;
using KadOrleans.Silo.Configuration;
using KadOrleans.Silo.PostgreSql;
using Orleans.Storage;

namespace KadOrleans.Silo.Hosting;

/// <summary>The process from its first line to its exit code.</summary>
internal static class SiloProgram
{
    /// <summary>
    /// Starts the silo, says where it can be reached, and runs until SIGTERM or Ctrl-C. What keeps it from starting is told
    /// in one sentence.
    /// </summary>
    /// <param name="args">Settings, as <c>--Kad:Http 127.0.0.1:0</c>.</param>
    /// <param name="output">Where it says what is served.</param>
    /// <param name="error">Where it says why it ends.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        if (SiloArguments.AskForHelp(args))
        {
            await output.WriteLineAsync(SiloArguments.Help);
            return ExitCode.Done;
        }

        using var claim = new PortClaim();
        var announcer = new Announcer(output);
        IHost? host = null;
        try
        {
            SiloArguments.Check(args);
            host = SiloHost.Build(args, announcer);
            PortCheck.Run(host.Services, claim);
            GatewayExposure.Warn(host.Services);
            Open(host.Services);
            await SchemaCheck.RunAsync(host.Services);
            var fatal = host.Services.GetRequiredService<FatalError>();
            await fatal.UnlessAsync(host.StartAsync());
            announcer.Announce(host.Services);
            await fatal.UnlessAsync(OrderlyStop.RunAsync(host));
            return await StoppedAsync(host, error);
        }
        catch (StopException exception)
        {
            // What was logged so far is written; the host itself might hang.
            host!.Services.GetRequiredService<LogGate>().Close();
            foreach (var log in host.Services.GetServices<ILoggerProvider>())
            {
                log.Dispose();
            }

            await error.WriteLineAsync(VisibleText.Show($"kad-silo: {exception.Message}"));
            host = null;
            return exception.Code;
        }
        catch (OperationCanceledException) when (IsStopping(host))
        {
            // While it started.
            return await StoppedAsync(host!, error);
        }
        catch (Exception exception)
        {
            // What a half-started silo says while it is taken down would bury the reason.
            host?.Services.GetRequiredService<LogGate>().Close();
            var (code, sentence) = StartFailure.Explain(exception, host);
            return await EndAsync(host, error, code, sentence);
        }
        finally
        {
            await DisposeAsync(host);
        }
    }

    // Storage that is a file is opened here already: what is wrong with it needs no silo that fails half-way up.
    private static void Open(IServiceProvider services) => services.GetKeyedService<IGrainStorage>(GrainStorageName.Kad);

    private static bool IsStopping(IHost? host) =>
        host?.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested ?? false;

    // A service that fails stops the host too.
    private static async Task<int> StoppedAsync(IHost host, TextWriter error) =>
        ServiceCrash.Find(host.Services) is { } crash
            ? await EndAsync(host, error, ExitCode.Failed, StartFailure.Failed(crash))
            : ExitCode.Done;

    // The log is written in the background until the host is disposed; the reason is to be the last line.
    private static async Task<int> EndAsync(IHost? host, TextWriter error, int code, string sentence)
    {
        await DisposeAsync(host);
        await error.WriteLineAsync(VisibleText.Show($"kad-silo: {sentence}"));
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
