using System.CommandLine;

namespace KadOrleans.Cli.Commands;

/// <summary><c>kad state</c>: a stopped node's id, contacts and values as a file.</summary>
internal static class StateCommand
{
    public static Command Create(CommandIo io)
    {
        var command = new ExampleCommand("state", "Write a stopped node's id, contacts and values to a file, or read them back.")
        {
            Examples = ["kad state export backup.json --data /var/lib/kad", "kad state import backup.json --data /var/lib/kad"],
        };
        command.Add(StateExportCommand.Create(io));
        command.Add(StateImportCommand.Create(io));
        return command;
    }
}
