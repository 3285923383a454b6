namespace KadOrleans.Http;

/// <summary>A file of tokens could not be written. One sentence.</summary>
/// <param name="message">What was wrong.</param>
/// <param name="isPartial">Whether a part may be written; else it is unchanged.</param>
/// <param name="cause">Why.</param>
internal sealed class TokenFileException(string message, bool isPartial, Exception? cause = null) : Exception(message, cause)
{
    public bool IsPartial => isPartial;
}

/// <summary>
/// Changes files of tokens, for <c>kad token</c> and for servers that may write theirs. One writer at a time has a file, from what it reads to
/// what it writes, be it of this process or another; the next one waits.
/// </summary>
internal static class TokenFileWriter
{
    /// <summary>Adds a token to a file's.</summary>
    /// <param name="setting">What names the file, for its mistakes.</param>
    /// <param name="path">The file.</param>
    /// <param name="token">The token to add.</param>
    /// <param name="makes">Whether a file that is missing is made, and an empty one has no tokens yet.</param>
    /// <param name="before">Runs once all was checked, before the file changes. What it throws leaves the file as it is.</param>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The file is no file of tokens.</exception>
    /// <exception cref="TokenFileException">It is no allowed token beside the others, or the file cannot be written.</exception>
    public static void Add(string setting, string path, ApiToken token, bool makes, Action? before = null) =>
        Change(setting, path, makes, held => [.. held, token], before);

    /// <summary>Removes a token from a file's, and returns those that are left.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The file is no file of tokens.</exception>
    /// <exception cref="TokenFileException">There is none of this name, it is the only one, or the file cannot be written.</exception>
    public static IReadOnlyList<ApiToken> Remove(string setting, string path, string name) =>
        Change(setting, path, makes: false, held => Without(setting, path, held, name), before: null);

    /// <summary>Where the next content of a file is until it is written whole. What is there is replaced, so no other file has such a name.</summary>
    public static string NextOf(string path) => $"{path}.kad-next";

    private static List<ApiToken> Without(string setting, string path, IReadOnlyList<ApiToken> held, string name)
    {
        var left = held.Where(token => token.Name != name).ToList();
        if (left.Count == held.Count)
        {
            var names = string.Join(", ", held.Select(token => $"'{VisibleText.Excerpt(token.Name)}'"));
            throw Unchanged(setting, path, $"it has no token '{VisibleText.Excerpt(name)}'; its tokens are {names}");
        }

        return left.Count > 0 ? left : throw Unchanged(
            setting,
            path,
            $"'{VisibleText.Excerpt(name)}' is its only token, and servers keep to what they read before a file without any; add another one first");
    }

    // A file that is there is written in place, as a server of another user may have it: owner and mode stay, and a link. Its whole next content
    // is beside it before, so that a full disk is found while the file is whole.
    private static IReadOnlyList<ApiToken> Change(
        string setting, string path, bool makes, Func<IReadOnlyList<ApiToken>, IReadOnlyList<ApiToken>> change, Action? before)
    {
        try
        {
            using var file = TokenFileLock.OpenToChange(path, makes, out var isNew);
            try
            {
                var held = makes && file.Length == 0 ? [] : ApiTokens.Parse(setting, path, ApiTokens.ReadBytes(setting, path, file));
                var tokens = change(held);
                if (ApiTokens.FindProblem(tokens) is { } problem)
                {
                    throw Unchanged(setting, path, problem);
                }

                Write(setting, path, file, tokens, before);
                return tokens;
            }
            catch (Exception e) when (isNew && e is not TokenFileException { IsPartial: true })
            {
                // While it is locked, but where a file in use cannot be removed.
                if (OperatingSystem.IsWindows())
                {
                    file.Dispose();
                }

                File.Delete(path);
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw Unchanged(setting, path, $"it cannot be written ({Phrases.OfFile(path, e)})", e);
        }
    }

    // The file has no buffer, which would be written once more when it is disposed, and hide how far a full disk let it come.
    private static void Write(string setting, string path, FileStream file, IReadOnlyList<ApiToken> tokens, Action? before)
    {
        var (next, content) = (NextOf(path), System.Text.Encoding.UTF8.GetBytes($"{ApiTokens.Write(tokens)}\n"));
        File.Delete(next);
        PrivateFile.WriteNew(next, whole => whole.Write(content));
        try
        {
            before?.Invoke();
        }
        catch
        {
            File.Delete(next);
            throw;
        }

        try
        {
            file.Position = 0;
            file.Write(content);
            file.SetLength(content.Length);
            file.Flush(flushToDisk: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TokenFileException(
                $"{setting} '{path}' may be written in part ({Phrases.Of(e.Message)}); '{next}' has the whole: copy it there.", isPartial: true, e);
        }

        File.Delete(next);
    }

    private static TokenFileException Unchanged(string setting, string path, string problem, Exception? cause = null) =>
        new($"{setting} '{path}' is unchanged: {problem}.", isPartial: false, cause);
}
