namespace KadOrleans.StateFiles;

/// <summary>A file cannot be read or written, or is not what it should be. The message is one sentence that names it.</summary>
public sealed class StateFileException : Exception
{
    /// <summary>Says what is wrong.</summary>
    /// <param name="message">One sentence, with the file's name.</param>
    /// <param name="cause">What it came from, if from an exception.</param>
    public StateFileException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }
}
