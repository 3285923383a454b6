namespace KadOrleans.Hosting;

/// <summary>A file of tokens could not be written. One sentence.</summary>
/// <param name="message">What was wrong.</param>
/// <param name="isPartial">Whether a part may be written; else it is unchanged.</param>
/// <param name="cause">Why.</param>
public sealed class TokenFileException(string message, bool isPartial, Exception? cause = null) : Exception(message, cause)
{
    public bool IsPartial => isPartial;
}

/// <summary>Changes files of tokens, for <c>kad token</c> and for servers that may write theirs.</summary>
public static class TokenFileWriter
{
    /// <summary>Adds a token to a file's.</summary>
    /// <param name="setting">What names the file, for its mistakes.</param>
    /// <param name="path">The file, which is made if it is missing.</param>
    /// <param name="held">The tokens that it has.</param>
    /// <param name="token">The token to add.</param>
    /// <param name="before">Runs once all was checked, before the file changes. What it throws leaves the file as it is.</param>
    /// <exception cref="TokenFileException">It is no allowed token beside the others, or the file cannot be written.</exception>
    public static void Add(string setting, string path, IReadOnlyList<ApiToken> held, ApiToken token, Action? before = null) =>
        Write(setting, path, [.. held, token], before);

    /// <summary>Removes a token from a file's, and returns those that are left.</summary>
    /// <exception cref="TokenFileException">There is none of this name, it is the only one, or the file cannot be written.</exception>
    public static IReadOnlyList<ApiToken> Remove(string setting, string path, IReadOnlyList<ApiToken> held, string name)
    {
        var left = held.Where(token => token.Name != name).ToList();
        if (left.Count == held.Count)
        {
            var names = string.Join(", ", held.Select(token => $"'{VisibleText.Excerpt(token.Name)}'"));
            throw Unchanged(setting, path, $"it has no token '{VisibleText.Excerpt(name)}'; its tokens are {names}");
        }

        if (left.Count == 0)
        {
            throw Unchanged(
                setting,
                path,
                $"'{VisibleText.Excerpt(name)}' is its only token, and servers keep to what they read before a file without any; "
                + "add another one first");
        }

        Write(setting, path, left, before: null);
        return left;
    }

    /// <summary>Where the next content of a file is until it is written whole.</summary>
    public static string NextOf(string path) => $"{path}.new";

    // A file that is there is written in place, as a server of another user may have it: owner and mode stay, and a link. Its whole next content
    // is beside it before, so that a full disk is found while the file is whole. A server that reads a part of it keeps to what it has.
    private static void Write(string setting, string path, IReadOnlyList<ApiToken> tokens, Action? before)
    {
        if (ApiTokens.FindProblem(tokens) is { } problem)
        {
            throw Unchanged(setting, path, problem);
        }

        var (next, content) = (NextOf(path), System.Text.Encoding.UTF8.GetBytes($"{ApiTokens.Write(tokens)}\n"));
        try
        {
            // Without a buffer, which would be written once more when it is disposed, and hide how far a full disk let it come.
            using var held = File.Exists(path) ? new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0) : null;
            File.Delete(next);
            PrivateFile.WriteNew(next, file => file.Write(content));
            try
            {
                before?.Invoke();
                if (held is null)
                {
                    File.Move(next, path);
                    return;
                }
            }
            catch
            {
                File.Delete(next);
                throw;
            }

            WriteInPlace(held, content, setting, path, next);
            File.Delete(next);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unchanged(setting, path, $"it cannot be written ({Phrases.Of(e.Message)})", e);
        }
    }

    private static void WriteInPlace(FileStream file, byte[] content, string setting, string path, string next)
    {
        try
        {
            file.Write(content);
            file.SetLength(content.Length);
            file.Flush(flushToDisk: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TokenFileException(
                $"{setting} '{path}' may be written in part ({Phrases.Of(e.Message)}); '{next}' has the whole: copy it there.", isPartial: true, e);
        }
    }

    private static TokenFileException Unchanged(string setting, string path, string problem, Exception? cause = null) =>
        new($"{setting} '{path}' is unchanged: {problem}.", isPartial: false, cause);
}
