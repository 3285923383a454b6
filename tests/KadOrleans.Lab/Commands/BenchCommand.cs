using System.CommandLine;
using KadOrleans.Cli;
using KadOrleans.Cli.Commands;
using KadOrleans.Cli.Output;
using KadOrleans.Lab.Benchmarking;

namespace KadOrleans.Lab.Commands;

/// <summary><c>kad-lab bench</c>: how many requests a node answers, and how fast.</summary>
internal static class BenchCommand
{
    public static Command Create(CommandIo io)
    {
        var options = new BenchOptions();
        var command = new ExampleCommand("bench", "Load nodes with requests, and time their answers. Linux only.")
        {
            Examples =
            [
                "kad-lab bench --op find_node --baseline",
                "kad-lab bench --op find_node --rate 50000 --seconds 10",
                "kad-lab bench --op mix --target 127.0.0.1:8468 --json",
                "kad-lab bench --op store --target 127.0.0.1:8468 --seconds 30 --cold",
                "kad-lab bench --op find_node --target self --target edge=127.0.0.1:7821 --contacts 1000",
            ],
            Notes = """
                Without --target a node is started in a process of its own, with default options, contacts that this command
                answers for, and keys in a temporary folder (see TMPDIR: a store is as fast as its disk). All limits stay on.
                A request without an answer within a second is lost. With --rate latency counts from when a request was due.
                A target on 127.0.0.0/8 is asked from 127.1.0.1, 127.1.1.1 and so on; with --contacts these ping it under ids
                of their own and answer it. Other nodes belong to somebody: ask first.
                """,
        };
        foreach (var option in options.All)
        {
            command.Add(option);
        }

        command.SetAction(async (parsed, cancellationToken) =>
        {
            var settings = options.Read(parsed);
            if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
            {
                throw CommandException.Failed("This command makes its load with system calls of 64-bit Linux, and runs nowhere else.");
            }

            BenchReport.Print(await new BenchSession(io, settings).RunAsync(cancellationToken), new ResultPrinter(io, settings.Json));
            return ExitCode.Done;
        });
        return command;
    }
}
