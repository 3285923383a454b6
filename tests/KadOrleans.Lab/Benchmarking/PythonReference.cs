using System.ComponentModel;
using System.Diagnostics;

namespace KadOrleans.Lab;

/// <summary>The Python implementation of this network's protocol, <c>kademlia</c>, as a process.</summary>
internal static class PythonReference
{
    public const string DefaultInterpreter = "python3";

    private const string Script = "KadOrleans.Lab.Benchmarking.reference.py";

    private const string Missing = "missing: ";

    public static async Task<ChildCommand> StartAsync(CommandIo io, string interpreter, CancellationToken cancellationToken)
    {
        using var script = new StreamReader(typeof(PythonReference).Assembly.GetManifestResourceStream(Script)!);
        var program = new ProcessStartInfo(interpreter, ["-c", await script.ReadToEndAsync(cancellationToken)]);
        try
        {
            return await ChildCommand.StartAsync(io, program, line => Complain(interpreter, line), cancellationToken);
        }
        catch (Win32Exception e)
        {
            throw CommandException.WrongUsage(
                $"--python is '{interpreter}', which cannot be started; a Python interpreter that can import kademlia is needed.", e);
        }
    }

    private static CommandException Complain(string interpreter, string? line) =>
        line is not null && line.StartsWith(Missing, StringComparison.Ordinal)
            ? CommandException.WrongUsage(
                $"--python is '{interpreter}', which cannot import kademlia ({line[Missing.Length..]}); "
                + $"install it with '{interpreter} -m pip install kademlia', or name another interpreter.")
            : CommandException.Failed($"--python is '{interpreter}', which did not start a node of kademlia.");
}
