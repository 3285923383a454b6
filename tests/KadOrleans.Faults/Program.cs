using System.Runtime.InteropServices;
using KadOrleans.Faults;

using var stopping = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    return args switch
    {
        ["campaign", .. var options] => await Campaign.RunAsync(options, Console.Out, Console.Error, stopping.Token),
        ["silence", .. var options] => await SilenceRun.RunAsync(options, Console.Out, Console.Error, stopping.Token),
        ["outage", .. var options] => await OutageRun.RunAsync(options, Console.Out, Console.Error, stopping.Token),
        ["scale", .. var options] => await ScaleRun.RunAsync(options, Console.Out, Console.Error, stopping.Token),
        ["cpu", .. var options] => await CpuRun.RunAsync(options, Console.Out, Console.Error, stopping.Token),
        _ => Refuse($"{CampaignOptions.Usage}\n{SilenceOptions.Usage}\n{OutageRun.Usage}\n{ScaleRun.Usage}\n{CpuRun.Usage}"),
    };
}
catch (OptionException e)
{
    return Refuse(e.Message);
}
catch (OperationCanceledException) when (stopping.IsCancellationRequested)
{
    return Refuse("Interrupted.");
}

void Stop(PosixSignalContext context)
{
    // What was started is ended before this process is.
    context.Cancel = true;
    stopping.Cancel();
}

static int Refuse(string reason)
{
    Console.Error.WriteLine(reason);
    return 2;
}
