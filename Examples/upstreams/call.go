// Calls an API with a token that a Mintmark on this host keeps fresh:  go run call.go UPSTREAM URL
//
// UPSTREAM is such as http://127.0.0.1:8080/upstreams/crm. Nothing but the standard library. A token that the API refuses is given up, and the
// call is made once more.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
)

func token(upstream string) (string, error) {
	reply, err := http.Get(upstream + "/token")
	if err != nil {
		return "", err
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		return "", fmt.Errorf("no token: %s, come again in %s s", reply.Status, reply.Header.Get("Retry-After"))
	}
	var issued struct {
		AccessToken string `json:"access_token"`
	}
	err = json.NewDecoder(reply.Body).Decode(&issued)
	return issued.AccessToken, err
}

func invalidate(upstream, refused string) error {
	body, err := json.Marshal(map[string]string{"access_token": refused})
	if err != nil {
		return err
	}
	reply, err := http.Post(upstream+"/invalidate", "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	return reply.Body.Close()
}

func call(upstream, url string) ([]byte, error) {
	for isLast := false; ; isLast = true {
		held, err := token(upstream)
		if err != nil {
			return nil, err
		}
		request, err := http.NewRequest(http.MethodGet, url, nil)
		if err != nil {
			return nil, err
		}
		request.Header.Set("Authorization", "Bearer "+held)
		reply, err := http.DefaultClient.Do(request)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(reply.Body)
		reply.Body.Close()
		switch {
		case err != nil:
			return nil, err
		case reply.StatusCode < 400:
			return body, nil
		case reply.StatusCode != http.StatusUnauthorized || isLast:
			return nil, fmt.Errorf("%s: %s", url, reply.Status)
		}
		if err := invalidate(upstream, held); err != nil {
			return nil, err
		}
	}
}

func main() {
	body, err := call(os.Args[1], os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	os.Stdout.Write(body)
}
