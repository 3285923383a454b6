using System.CommandLine;
using System.Text.Json.Nodes;
using KadOrleans.Cli.Hosting;
using KadOrleans.Cli.Output;
using KadOrleans.Cli.State;
using KadOrleans.Core.Values;
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
            if (file == "-")
            {
                await WriteAsync(storage, io.OutputBytes, cancellationToken);
                return ExitCode.Done;
            }

            var (contacts, values) = await WriteFileAsync(storage, file, cancellationToken);
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

    // Written beside it and then renamed: an export that fails leaves an earlier file as it was. What is no plain file,
    // such as a device or a pipe, is written to and never replaced.
    private static async Task<(int Contacts, long Values)> WriteFileAsync(
        NodeStorage storage, string file, CancellationToken cancellationToken)
    {
        var link = File.Exists(file) ? File.ResolveLinkTarget(file, returnFinalTarget: true) : null;
        var target = link?.FullName ?? file;
        var partial = target + ".partial";
        try
        {
            await using var special = OpenSpecial(target);
            if (special is not null)
            {
                return await WriteAsync(storage, special, cancellationToken);
            }

            (int, long) written;
            await using (var stream = File.Create(partial))
            {
                written = await WriteAsync(storage, stream, cancellationToken);
                stream.Flush(flushToDisk: true);
            }

            KeepMode(target, partial);
            File.Move(partial, target, overwrite: true);
            return written;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandException.WrongUsage($"FILE is '{file}', which cannot be written: {e.Message}", e);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    /// <summary>A device, pipe or the like for writing; null for a plain file: only that has a length that can be set.</summary>
    private static FileStream? OpenSpecial(string file)
    {
        if (!File.Exists(file))
        {
            return null;
        }

        var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Write);
        try
        {
            RandomAccess.SetLength(handle, RandomAccess.GetLength(handle));
        }
        catch (Exception e) when (e is IOException or NotSupportedException)
        {
            return new FileStream(handle, FileAccess.Write);
        }

        handle.Dispose();
        return null;
    }

    private static void KeepMode(string existing, string replacement)
    {
        if (!OperatingSystem.IsWindows() && File.Exists(existing))
        {
            File.SetUnixFileMode(replacement, File.GetUnixFileMode(existing));
        }
    }

    private static async Task<(int Contacts, long Values)> WriteAsync(
        NodeStorage storage, Stream stream, CancellationToken cancellationToken)
    {
        var state = await storage.States.LoadAsync(cancellationToken);
        var values = await StateWriter.WriteAsync(stream, state, storage.Keys.ScanAsync(cancellationToken), cancellationToken);
        return (state?.Contacts.Count ?? 0, values);
    }
}
