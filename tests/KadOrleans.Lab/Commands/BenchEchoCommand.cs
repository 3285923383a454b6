namespace KadOrleans.Lab;

/// <summary><c>kad-lab bench-echo</c>: what <c>kad-lab bench --baseline</c> starts beside the node. Not for people, so not in the help.</summary>
internal static class BenchEchoCommand
{
    private const int Longest = 9 * 1024;

    public static Command Create(CommandIo io)
    {
        var answers = new Option<string>("--answers")
        {
            Description = "Lengths of requests and of their answers: 45:45,72:900.",
            HelpName = "LENGTHS",
            Required = true,
        };
        var batch = new Option<bool>("--batch") { Description = "Many datagrams a system call." };
        var command = new ExampleCommand("bench-echo", "Echo datagrams on a free port of 127.0.0.1.")
        {
            Examples = ["kad-lab bench-echo --answers 45:45", "kad-lab bench-echo --answers 45:45,72:900 --batch"],
            Hidden = true,
        }.With(answers, batch);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var echo = new EchoServer(Parse(parsed.GetValue(answers)!));
            await io.Output.WriteLineAsync($"listening udp {echo.Bind()}");
            var thread = new Thread(parsed.GetValue(batch) ? echo.EchoInBatches : echo.EchoOneByOne) { IsBackground = true };
            thread.Start();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ContinueWith(_ => { }, TaskScheduler.Default);
            return ExitCode.Done;
        });
        return command;
    }

    private static int[] Parse(string text)
    {
        var lengths = new int[Longest + 1];
        foreach (var pair in text.Split(','))
        {
            var parts = pair.Split(':', 2);
            lengths[Numbers.ParseWhole("--answers", parts[0], 0, Longest)] = Numbers.ParseWhole("--answers", parts[^1], 0, Longest);
        }

        return lengths;
    }
}
