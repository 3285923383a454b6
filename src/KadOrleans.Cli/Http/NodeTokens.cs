using KadOrleans.Cli.Commands;
using KadOrleans.Http.Access;
using KadOrleans.Hosting.Settings;

namespace KadOrleans.Cli.Http;

/// <summary>The tokens of a node's API: those of a file, and one of its own in the data folder for who may read that.</summary>
internal static class NodeTokens
{
    /// <summary>The file in the data folder. It has the token itself, so only the node's user may read it.</summary>
    public const string FileName = "http-token";

    private const string Name = "data folder";

    /// <summary>Reads the tokens, and writes a new one into the data folder.</summary>
    /// <param name="file">The file of <c>--http-tokens</c>; null if there is none.</param>
    /// <param name="folder">The data folder; null if the node has none.</param>
    /// <returns>Null if there is neither.</returns>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">A file cannot be read or written, or is wrong.</exception>
    public static ApiTokens? Read(string? file, string? folder)
    {
        List<ApiToken> tokens = [];
        if (file is not null)
        {
            tokens.AddRange(ApiTokens.Read(NodeOptions.HttpTokens, file));
        }

        if (folder is not null)
        {
            tokens.Add(WriteOwn(Path.Combine(folder, FileName)));
        }

        return tokens.Count > 0 ? ApiTokens.Of(tokens) : null;
    }

    /// <summary>Removes the node's own token, which is of no use once the node has stopped. Never fails.</summary>
    public static void RemoveOwn(string folder)
    {
        try
        {
            File.Delete(Path.Combine(folder, FileName));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next start replaces it.
        }
    }

    private static ApiToken WriteOwn(string path)
    {
        var (secret, token) = ApiToken.Create(Name, ApiScope.All, ApiToken.MaxRate);
        try
        {
            // A file that was there keeps its mode, so it goes first.
            File.Delete(path);
            PrivateFile.Write(path, secret + Environment.NewLine);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw KadSection.Mistake($"--data: the token of the API cannot be written to '{path}' ({Phrases.Of(e.Message)}).");
        }

        return token;
    }
}

/// <summary>Files that only their owner may read and write. On Windows the folder's rights count.</summary>
internal static class PrivateFile
{
    /// <summary>Creates a file.</summary>
    /// <exception cref="IOException">It exists, or cannot be written.</exception>
    public static void Write(string path, string content)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var writer = new StreamWriter(path, options);
        writer.Write(content);
    }
}
