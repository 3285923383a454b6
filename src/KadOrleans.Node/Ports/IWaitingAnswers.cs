namespace KadOrleans.Node.Ports;

/// <summary>Answers that a transport has taken within an <see cref="AnswerBatch"/> and not sent yet.</summary>
public interface IWaitingAnswers
{
    /// <summary>Sends them. Does not throw.</summary>
    void Send();
}
