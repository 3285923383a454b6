using System.CommandLine;
using System.Text.Json.Nodes;
using KadOrleans.Cli.Hosting;
using KadOrleans.Cli.Output;
using KadOrleans.Core.Values;
using KadOrleans.StateFiles;
using KadOrleans.Storage.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.Cli.Commands;

/// <summary><c>kad state export</c>: writes a data folder to a JSON file.</summary>
internal static class StateExportCommand
{
    public static Command Create(CommandIo io)
    {
        var file = new Argument<string>("FILE") { Description = "The file to write; - is the standard output." };
        var (data, json) = (CommonOptions.Data(), CommonOptions.Json());
        var command = new ExampleCommand("export", "Write a stopped node's id, contacts and values to a JSON file.")
        {
            Examples = ["kad state export backup.json", "kad state export - --data /var/lib/kad | gzip > backup.json.gz"],
            Notes = "The file: {\"format\":\"kad-state\",\"version\":1,\"id\",\"contacts\":[{\"id\",\"ip\",\"port\"}],"
                + "\"values\":[{\"key\",\"type\",\"value\",\"storedAt\",\"expiresAt\",\"source\"}]}.",
        };
        command.Add(file);
        command.Add(data);
        command.Add(json);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            io, parsed.GetValue(file)!, parsed.GetValue(data)!, parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(CommandIo io, string file, string data, bool json, CancellationToken cancellationToken)
    {
        // Opening would make a folder that is not there.
        if (!File.Exists(Path.Combine(data, SqliteDatabase.FileName)))
        {
            throw CommandException.WrongUsage($"--data: '{data}' holds no node's database ({SqliteDatabase.FileName}); the folder of a node is needed.");
        }

        return await new Progress(io, json).ShowAsync("Exporting…", async () =>
        {
            await using var storage = NodeStorage.Open(data, StoreQuota.Unlimited, NullLoggerFactory.Instance);
            if (file == StateFile.Standard)
            {
                await WriteAsync(storage, io.OutputBytes, cancellationToken);
                return ExitCode.Done;
            }

            var (contacts, values) = await StateFile.WriteAsync(
                file, stream => WriteAsync(storage, stream, cancellationToken));
            var printer = new ResultPrinter(io, json);
            if (json)
            {
                printer.Json(new JsonObject { ["file"] = file, ["contacts"] = contacts, ["values"] = values });
            }
            else
            {
                printer.Line($"exported {values} values and {contacts} contacts to {file}");
            }

            return ExitCode.Done;
        });
    }

    private static async Task<(int Contacts, long Values)> WriteAsync(
        NodeStorage storage, Stream stream, CancellationToken cancellationToken)
    {
        var state = await storage.States.LoadAsync(cancellationToken);
        var values = await StateWriter.WriteAsync(stream, state, storage.Keys.ScanAsync(cancellationToken), cancellationToken);
        return (state?.Contacts.Count ?? 0, values);
    }
}
