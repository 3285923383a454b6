using KadOrleans.Cli.Hosting;
using KadOrleans.Hosting.Logging;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Cli.Commands;

/// <summary><c>kad node</c>: runs a node.</summary>
internal static class NodeCommand
{
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
            using var loggers = CreateLoggers(io.Error, settings.Verbose);
            try
            {
                await new NodeRunner(io, settings, loggers).RunAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // Stopped while it started.
            }

            return ExitCode.Done;
        });
        return command;
    }

    // What the node does, and all warnings; which files and sockets it opens is a detail.
    private static ILoggerFactory CreateLoggers(TextWriter output, bool verbose) => LoggerFactory.Create(logging =>
    {
        logging.UseLines(output, verbose);
        if (!verbose)
        {
            logging.AddFilter("KadOrleans.Storage", LogLevel.Warning).AddFilter("KadOrleans.Transport", LogLevel.Warning);
        }
    });
}
