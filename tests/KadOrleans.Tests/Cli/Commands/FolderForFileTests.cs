using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Tests.Cli;

/// <summary>A folder in place of a file. The system says of it that access is denied, or that no file is there.</summary>
public sealed class FolderForFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--file: 'FOLDER' cannot be read: it is a folder.", "set k --file FOLDER --via 127.0.0.1:9")]
    [InlineData("FILE: 'FOLDER' cannot be read (it is a folder).", "admin import FOLDER --url http://127.0.0.1:9 --token-file TOKEN")]
    [InlineData("FILE is 'FOLDER', which cannot be read: it is a folder.", "state import FOLDER --data DATA")]
    [InlineData("FILE is 'FOLDER', which cannot be written: it is a folder.", "state export FOLDER --data DATA")]
    [InlineData("FILE: 'FOLDER' cannot be read: it is a folder.", "item public FOLDER")]
    [InlineData("--file: 'FOLDER' cannot be read (it is a folder).", "token list --file FOLDER")]
    [InlineData("--http-tokens: 'FOLDER' cannot be read (it is a folder).", "node --in-memory --listen 127.0.0.1:0 --http 0 --http-tokens FOLDER")]
    [InlineData("--token-file: the token cannot be read from 'FOLDER' (it is a folder).", "admin status --url http://127.0.0.1:9 --token-file FOLDER")]
    public async Task A_folder_is_said_to_be_one(string sentence, string typed)
    {
        var folder = Directory.CreateDirectory(_folder["folder"]).FullName;
        File.WriteAllText(_folder["token"], "token");
        await SqliteNodeFile.Open(_folder["data"], StoreQuota.Unlimited).DisposeAsync();

        var run = await KadRun.RunAsync(
            typed.Replace("FOLDER", folder, StringComparison.Ordinal).Replace("TOKEN", _folder["token"], StringComparison.Ordinal)
                .Replace("DATA", _folder["data"], StringComparison.Ordinal).Split(' '));

        Assert.Equal(ExitCode.WrongUsage, run.ExitCode);
        Assert.Equal(sentence.Replace("FOLDER", folder, StringComparison.Ordinal), run.Error.Trim().Split('\n')[^1]);
    }
}
