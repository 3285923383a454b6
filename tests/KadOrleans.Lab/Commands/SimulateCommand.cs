using System.CommandLine;
using System.Diagnostics;
using System.Runtime;
using KadOrleans.Cli;
using KadOrleans.Cli.Commands;
using KadOrleans.Cli.Output;
using KadOrleans.Core;
using KadOrleans.Lab.Reports;
using KadOrleans.Simulation.Experiments;

namespace KadOrleans.Lab.Commands;

/// <summary><c>kad-lab simulate</c>: a network of real nodes in this process, on virtual time.</summary>
internal static class SimulateCommand
{
    public static Command Create(CommandIo io)
    {
        var options = new SimulateOptions();
        var command = new ExampleCommand("simulate", "Simulate a network: real nodes in one process, on virtual time.")
        {
            Examples =
            [
                "kad-lab simulate --nodes 100000 --lookups 10000",
                "kad-lab simulate --nodes 1000 --dead 20 --loss 2 --latency 20-200 --json",
                "kad-lab simulate --nodes 1000 --hours 24 --churn 10 --values 500 --csv day.csv",
                "kad-lab simulate --nodes 1000 --hours 720 --churn 10 --values 500 --refresh-interval 24 --walk-interval 0",
            ],
            Notes = $"""
                Networks of up to {SimulationSettings.AlwaysJoin} nodes are built by joins, as with --join. Larger ones begin with tables as they are
                after a while: of each range that a bucket covers, up to k random nodes, and as many replacements.
                A lookup succeeds if it finds the nearest honest node that answers; it is exact if it finds the nearest k.
                Without --hours lookups run one after another and nodes do nothing by themselves. With it nodes maintain
                themselves, which takes some 0.7 MB of memory for each, and --lookups and --values are spread over the hours.
                A value is lost if no node holds it while it lives. It is outlived if anybody holds or finds it
                once its life is over: {new KademliaOptions().ValueTimeToLive.Days} days after its publisher last sent it out, give or take {ValueFate.Tolerance.TotalMinutes} minutes.
                Most of the work is refreshing buckets and walking: --refresh-interval and --walk-interval make it less.
                """,
        };
        foreach (var option in options.All)
        {
            command.Add(option);
        }

        command.SetAction((parsed, cancellationToken) => Task.FromResult(Run(
            io, options.Read(parsed), options.ReadJson(parsed), options.ReadCsv(parsed), cancellationToken)));
        return command;
    }

    private static int Run(CommandIo io, SimulationSettings settings, bool json, string? csv, CancellationToken cancellationToken)
    {
        using var file = csv is null ? null : OpenCsv(csv);

        // Nobody waits for an answer, so pauses that keep the heap compact are welcome.
        GCSettings.LatencyMode = GCLatencyMode.Batch;
        var startedAt = Stopwatch.GetTimestamp();
        var (lines, requests) = (new ProgressLines(io), 0L);
        var report = new NetworkSimulation(settings, now =>
        {
            requests = now.Requests;
            lines.Say($"{now.Done} of {now.Total} {now.Phase}, {now.Simulated:d\\.hh\\:mm\\:ss} simulated, {requests} requests");
        }).Run(cancellationToken);
        var seconds = Stopwatch.GetElapsedTime(startedAt).TotalSeconds;
        if (lines.HasSpoken)
        {
            io.Error.WriteLine(FormattableString.Invariant(
                $"Done in {seconds:0.0} s: {requests} requests, {requests / seconds:0} per second, {Environment.WorkingSet >> 20} MiB."));
        }

        var printer = new ResultPrinter(io, json);
        if (json)
        {
            printer.Json(ReportJson.Create(report));
        }
        else
        {
            ReportText.Print(report, printer);
        }

        file?.Write(ReportCsv.Create(ReportJson.Create(report)));
        return ExitCode.Done;
    }

    // Opened first: an hour of simulation is not to end at a file that cannot be written.
    private static StreamWriter OpenCsv(string file)
    {
        try
        {
            return new StreamWriter(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw CommandException.WrongUsage($"--csv is '{file}', which cannot be written: {e.Message}", e);
        }
    }
}
